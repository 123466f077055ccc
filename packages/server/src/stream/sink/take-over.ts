import { ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/** What Node's HTTP parser answers to; it is not part of the documented API, hence the guards below. */
interface Parser {
  unconsume(): void
  remove(): void
  close(): void
  socket: unknown
  incoming: unknown
  outgoing: unknown
  onIncoming: unknown
  _consumed?: boolean
}

interface ParsedSocket extends Socket {
  parser?: Parser | null
}

/**
 * Takes the socket of an HTTP/1.1 response, whose head it sends, away from Node's HTTP server. A stream
 * needs neither request nor response nor parser any more: without them it costs 9 KiB rather than 21,
 * and with TLS 20 KiB and a sixth of the CPU time less.
 *
 * @returns the socket and how the body is framed; `undefined` if something about the response is not as Node's
 *   server leaves it (a wrapped `write`, somebody who waits for its `close`): then write to the response.
 */
export function takeOver(response: ServerResponse): { socket: Socket; isChunked: boolean } | undefined {
  const socket: ParsedSocket | null = response.socket
  if (socket === null || !isOurs(response, socket)) return undefined
  response.flushHeaders()
  const isChunked = response.chunkedEncoding
  response.detachSocket(socket)
  forgetHttp(socket)
  socket.setTimeout(0)
  // The parser may be on the stack right now: it can only be freed when this call has returned.
  setImmediate(() => freeParser(socket))
  return { socket, isChunked }
}

/** What HTTP listens for keeps request and response alive; TLS frees its own memory when its socket closes. */
function forgetHttp(socket: Socket): void {
  const ofTls = socket.listeners('close').filter(({ name }) => name === 'onSocketCloseDestroySSL')
  socket.removeAllListeners()
  for (const listener of ofTls) socket.on('close', listener as () => void)
}

function isOurs(response: ServerResponse, socket: ParsedSocket): boolean {
  const { parser } = socket
  return (
    socket instanceof Socket &&
    response.write === ServerResponse.prototype.write &&
    response.end === ServerResponse.prototype.end &&
    onlyNodeListens(response, 'close') &&
    onlyNodeListens(response, 'finish') &&
    typeof parser?.unconsume === 'function' &&
    typeof parser.remove === 'function' &&
    typeof parser.close === 'function'
  )
}

/** Node's own listeners are bound functions of known names; anybody else's must still be called. */
function onlyNodeListens(response: ServerResponse, event: string): boolean {
  return response
    .listeners(event)
    .every(({ name }) => name === 'bound resOnFinish' || name === 'onServerResponseClose')
}

function freeParser(socket: ParsedSocket): void {
  const { parser } = socket
  if (parser == null) return
  if (parser._consumed) parser.unconsume()
  parser.socket = null
  parser.incoming = null
  parser.outgoing = null
  parser.onIncoming = null
  parser.remove()
  parser.close()
  socket.parser = null
}
