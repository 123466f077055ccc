import { connect, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** What streams are carried by: HTTP/1.1, the same over TLS, or HTTP/2 over TLS. */
export type Wire = 'plain' | 'tls' | 'http2'

/** Where a socket goes, and how. */
export interface SocketOptions {
  readonly port: number
  readonly localAddress?: string
  readonly isSecure: boolean
  /** One buffer for all that is read. */
  readonly onread?: OnReadOpts
  /** Speak HTTP/2. */
  readonly isHttp2?: boolean
}

/** Opens a socket on this machine, whoever made the certificate; calls back when bytes can be sent. */
export function openSocket({ isSecure, isHttp2, ...options }: SocketOptions, onOpen: () => void): Socket {
  const target = { ...options, host: '127.0.0.1', noDelay: true }
  if (!isSecure) return connect(target).once('connect', onOpen)
  const ALPNProtocols = [isHttp2 ? 'h2' : 'http/1.1']
  return connectTls({ ...target, rejectUnauthorized: false, ALPNProtocols }).once('secureConnect', onOpen)
}

/** Ends a socket at once, so that its port is free for the next where that is possible. */
export function cut(socket: Socket): void {
  if ('encrypted' in socket) socket.destroy()
  else socket.resetAndDestroy()
}
