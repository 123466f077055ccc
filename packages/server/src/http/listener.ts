import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from 'node:http2'
import { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Logger } from '../observe/logger.ts'
import type { Certificate } from './certificate.ts'
import { http2Limits, httpLimits, tlsLimits } from './http-limits.ts'
import { Http2Sessions } from './http2-sessions.ts'
import type { LiveCertificate } from './live-certificate.ts'
import { refuseUnencrypted } from './problem.ts'

/** Node's server, and what of its life Node leaves to others. */
export interface Listener {
  readonly server: Server | Http2SecureServer
  /** Tells HTTP/2 clients that their next request should go elsewhere; what is open goes on. */
  drain(): void
  /** Ends every connection at once. */
  cut(): void
}

/**
 * What answers. HTTP/2 requests and responses have the form of those of HTTP/1.1: Node's compatibility API.
 * Whatever is different about them is asked of `httpVersionMajor`. What a client expects beside `100-continue` is passed
 * over, as RFC 9110 §10.1.1 lets a server do: Node's own answer would be a status without a word.
 */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** HTTP/1.1, with or without TLS. */
const http1Options = {
  headersTimeout: httpLimits.headersTimeoutMs,
  requestTimeout: httpLimits.requestTimeoutMs,
  connectionsCheckingInterval: httpLimits.checkEveryMs,
  keepAliveTimeout: httpLimits.keepAliveMs,
  maxHeaderSize: httpLimits.headerBytes,
  // Node would refuse with nothing but a status; here it is refused like everything else.
  requireHostHeader: false,
}

const http2Options: SecureServerOptions = {
  settings: {
    maxConcurrentStreams: http2Limits.concurrentStreams,
    maxHeaderListSize: httpLimits.headerBytes,
    enablePush: false,
  },
  maxHeaderListPairs: http2Limits.headerPairs,
  maxSessionMemory: http2Limits.sessionMemoryMib,
  maxSessionInvalidFrames: http2Limits.invalidFrames,
  maxSessionRejectedStreams: http2Limits.rejectedStreams,
  maxSettings: http2Limits.settingsEntries,
  streamResetBurst: http2Limits.resetBurst,
  streamResetRate: http2Limits.resetsPerSecond,
}

/** HTTP/1.1, and with a certificate HTTPS with HTTP/2 and HTTP/1.1 instead. */
export function createListener(handler: Handler, logger: Logger, certificate?: LiveCertificate): Listener {
  return certificate === undefined ? plainListener(handler) : secureListener(handler, logger, certificate)
}

function plainListener(handler: Handler): Listener {
  const server = createServer(http1Options, handler)
  server.on('checkExpectation', handler)
  return { server, drain: () => {}, cut: () => server.closeAllConnections() }
}

function secureListener(handler: Handler, logger: Logger, certificate: LiveCertificate): Listener {
  const server = createSecureServer({
    ...http2Options,
    ...secureContext(certificate.current),
    handshakeTimeout: tlsLimits.handshakeTimeoutMs,
    // Whoever holds six streams at most, or cannot speak HTTP/2, is served all the same.
    allowHTTP1: true,
    ...http1Options,
  } as SecureServerOptions)
  const handle = handler as unknown as Parameters<typeof createSecureServer>[1] & {}
  server.on('request', handle)
  server.on('checkExpectation', handle)
  certificate.onRenewed((renewed) => server.setSecureContext(secureContext(renewed)))
  // Node hands failed handshakes to those who answer broken HTTP; there is nobody yet who could read an answer.
  server.removeAllListeners('tlsClientError').on('tlsClientError', refuseHandshake)
  server.on('sessionError', (err) => logger.debug({ err }, 'an HTTP/2 session ended in error'))
  const sessions = new Http2Sessions(server)
  return { server, drain: () => sessions.drain(), cut: () => sessions.cut() }
}

function secureContext({ cert, key }: Certificate) {
  return { cert, key, minVersion: tlsLimits.minVersion }
}

/** Tells a client that speaks HTTP without TLS what to do; all others are hung up on. */
function refuseHandshake(error: NodeJS.ErrnoException, socket: TLSSocket & { _parent?: unknown }): void {
  // The socket beneath is not part of Node's documented API; without it, the end of the connection says enough.
  const beneath = socket._parent
  if (error.code === 'ERR_SSL_HTTP_REQUEST' && beneath instanceof Socket) refuseUnencrypted(beneath)
  else socket.destroy()
}
