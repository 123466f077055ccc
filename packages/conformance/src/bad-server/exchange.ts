import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { ReceivedRequest } from './received-request.ts'

/** What an answer consists of: text is sent as UTF-8. */
export type Body = string | Uint8Array

/** How one request is answered. What it throws after the client has left does not matter. */
export type Behaviour = (exchange: Exchange) => void | Promise<void>

/** A request and the answer to it, down to the single byte. */
export class Exchange {
  readonly request: ReceivedRequest
  /** Aborted when the connection, or the answer, has come to an end. */
  readonly signal: AbortSignal
  readonly #response: ServerResponse
  #sentBytes = 0

  /** Waits for the request's body, and takes note of everything. */
  static async receive(request: IncomingMessage, response: ServerResponse): Promise<Exchange> {
    const atMs = performance.now()
    return new Exchange(request, response, await text(request), atMs)
  }

  private constructor(request: IncomingMessage, response: ServerResponse, body: string, atMs: number) {
    this.#response = response
    // Each piece is to leave alone: Nagle's algorithm would join what the test has cut.
    response.socket?.setNoDelay(true)
    const end = new AbortController()
    this.signal = end.signal
    const closed = new Promise<void>((resolve) => {
      if (response.destroyed) resolve()
      response.once('close', resolve)
    })
    void closed.then(() => end.abort())
    const sentBytes = () => this.#sentBytes
    this.request = {
      method: request.method ?? '',
      target: request.url ?? '',
      headers: request.headers,
      origin: request.headers.origin,
      body,
      atMs,
      get sentBytes() {
        return sentBytes()
      },
      closed,
      get isClosed() {
        return end.signal.aborted
      },
    }
  }

  /** Sends the head, at once. The body is chunked unless a `Content-Length` is given. */
  head(status: number, headers: OutgoingHttpHeaders = {}): void {
    this.#response.writeHead(status, headers)
    this.#response.flushHeaders()
  }

  /** Sends the head of a good event stream. */
  streamHead(headers: OutgoingHttpHeaders = {}): void {
    this.head(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache', ...headers })
  }

  /** Sends bytes as a chunk of their own, and waits until they have left. */
  async write(body: Body): Promise<void> {
    const bytes = Buffer.from(body)
    if (bytes.length === 0 || this.signal.aborted) return
    await new Promise<void>((resolve) => {
      const done = () => {
        this.signal.removeEventListener('abort', done)
        resolve()
      }
      this.signal.addEventListener('abort', done)
      this.#response.write(bytes, done)
    })
    this.#sentBytes += bytes.length
  }

  /** Ends the answer in order. */
  end(body: Body = ''): void {
    this.#sentBytes += Buffer.byteLength(body)
    this.#response.end(body)
  }

  /** Closes the connection in order (`FIN`), whether or not the answer is complete. */
  hangUp(): void {
    this.#response.socket?.end()
  }

  /** Resets the connection (`RST`). What was sent just before may get lost with it. */
  reset(): void {
    this.#response.socket?.resetAndDestroy()
  }

  /** Sends bytes below HTTP: the test writes status line and headers itself. */
  async writeRaw(bytes: Body): Promise<void> {
    const socket = this.#response.socket
    if (socket === null || socket.destroyed || bytes.length === 0) return
    await new Promise<void>((resolve) => socket.write(bytes, () => resolve()))
  }

  /** The headers that the server adds to every answer, CORS above all, as they stand on the wire. */
  get commonHeaderLines(): string {
    return Object.entries(this.#response.getHeaders())
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')
  }
}
