import {
  constants,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { http2Limits, httpLimits } from './http-limits.ts'

/** PINGs and SETTINGS of a session between two looks. */
const controlFramesBound = (http2Limits.controlFramesPerSecond * httpLimits.checkEveryMs) / 1_000

/** One client's session. */
interface Peer {
  readonly socket: TLSSocket
  /** Requests that are open. */
  open: number
  /** Since when none is, in milliseconds of `performance.now`. */
  idleSince: number
  hasAsked: boolean
  /** PINGs and SETTINGS since the last look. */
  controlFrames: number
}

/** One request whose answer is no stream, or not known to be one yet. */
interface Exchange {
  readonly startedAt: number
  /** Whether all of the request is here. */
  hasArrived: boolean
}

/**
 * Watches over HTTP/2 as Node's server does over HTTP/1.1: Node ends neither sessions that are idle, nor requests
 * that never arrive, nor answers that nobody takes, and knows of no flood of frames that it answers by itself.
 */
export class Http2Sessions {
  readonly #peers = new Map<ServerHttp2Session, Peer>()
  readonly #exchanges = new Map<ServerHttp2Stream, Exchange>()
  /** All connections, also those whose handshake is under way. */
  readonly #sockets = new Set<Socket>()
  /** Connections that we have ended, and since when. */
  readonly #ending = new Map<TLSSocket, number>()
  #newest: TLSSocket | undefined
  #isDraining = false

  constructor(server: Http2SecureServer) {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    // Before Node makes a session of it, at once and on the stack: a session hides its socket.
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      this.#newest = socket
    })
    server.on('session', (session) => this.#enter(session))
    server.on('stream', (stream) => this.#begin(stream))
    const timer = setInterval(() => this.#look(performance.now()), httpLimits.checkEveryMs).unref()
    server.on('close', () => clearInterval(timer))
  }

  /** GOAWAY to all, and to those that still come once they have their answers. */
  drain(): void {
    this.#isDraining = true
    for (const session of this.#peers.keys()) this.#end(session)
  }

  /** Ends every connection at once. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #enter(session: ServerHttp2Session): void {
    const peer: Peer = {
      socket: this.#newest!,
      open: 0,
      idleSince: performance.now(),
      hasAsked: false,
      controlFrames: 0,
    }
    this.#peers.set(session, peer)
    const count = () => {
      if (++peer.controlFrames <= controlFramesBound || session.destroyed) return
      const flood = new Error('A client sends PING or SETTINGS without end.')
      session.destroy(flood, constants.NGHTTP2_ENHANCE_YOUR_CALM)
    }
    session.on('ping', count).on('remoteSettings', count)
    session.once('close', () => this.#peers.delete(session))
  }

  #begin(stream: ServerHttp2Stream): void {
    const { session } = stream
    const peer = session && this.#peers.get(session as ServerHttp2Session)
    if (peer === undefined) return
    peer.open++
    peer.hasAsked = true
    const exchange: Exchange = { startedAt: performance.now(), hasArrived: stream.endAfterHeaders }
    this.#exchanges.set(stream, exchange)
    if (!exchange.hasArrived) {
      stream.once('end', () => {
        exchange.hasArrived = true
      })
    }
    stream.once('close', () => {
      this.#exchanges.delete(stream)
      if (--peer.open > 0) return
      peer.idleSince = performance.now()
      if (this.#isDraining) this.#end(session as ServerHttp2Session)
    })
  }

  #look(now: number): void {
    for (const [stream, exchange] of this.#exchanges) this.#lookAtExchange(stream, exchange, now)
    for (const [session, peer] of this.#peers) this.#lookAtSession(session, peer, now)
    for (const [socket, since] of this.#ending) {
      if (now - since > http2Limits.lingerMs) socket.destroy()
      if (socket.destroyed) this.#ending.delete(socket)
    }
  }

  #lookAtExchange(stream: ServerHttp2Stream, { startedAt, hasArrived }: Exchange, now: number): void {
    const age = now - startedAt
    // One that was refused in a few words is no stream yet.
    if (isEventStream(stream) && !stream.writableEnded) this.#exchanges.delete(stream)
    else if (age > (hasArrived ? http2Limits.answerTimeoutMs : httpLimits.requestTimeoutMs))
      stream.close(constants.NGHTTP2_CANCEL)
  }

  #lookAtSession(session: ServerHttp2Session, peer: Peer, now: number): void {
    const { open, idleSince, hasAsked } = peer
    peer.controlFrames = 0
    const patienceMs = hasAsked ? httpLimits.keepAliveMs : httpLimits.headersTimeoutMs
    if (open === 0 && now - idleSince > patienceMs) this.#end(session)
  }

  /** GOAWAY; the connection ends with the last open request. */
  #end(session: ServerHttp2Session): void {
    const peer = this.#peers.get(session)
    if (peer === undefined) return
    if (!session.closed && !session.destroyed) session.close()
    // A client that does not end its half as well would hold the connection for ever.
    if (peer.open === 0 && !this.#ending.has(peer.socket)) this.#ending.set(peer.socket, performance.now())
  }
}

/** Streams have bounds of their own: for stalling, and for their age. */
function isEventStream({ sentHeaders }: ServerHttp2Stream): boolean {
  return String(sentHeaders?.['content-type'] ?? '').startsWith('text/event-stream')
}
