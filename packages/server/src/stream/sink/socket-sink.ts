import type { Socket } from 'node:net'
import type { Frame } from '../../hub/frame.ts'
import type { Sink, SinkOwner } from './sink.ts'

const sinkOf = Symbol('sink')

/** A socket that knows its sink: the handlers below serve all sockets, where closures would cost each its own. */
interface OwnedSocket extends Socket {
  [sinkOf]?: SocketSink
}

/** What Node's streams say of a chunk that is bytes already; its types know only the encodings of text. */
const asBuffer = 'buffer' as BufferEncoding

/** The end of a chunked body. */
const lastChunk = '0\r\n\r\n'

/**
 * Writes straight to the socket of an HTTP/1.1 response whose head is sent. Frames are chunks already, so
 * that a delivery is one call with bytes that all streams share.
 *
 * That call is `_write`, what a socket implements for its own `write`: the system's buffer takes the frame at
 * once, or the rest of it waits and this sink is full. `write` would keep a queue of its own above that, and a
 * callback in the next tick for every delivery.
 */
export class SocketSink implements Sink {
  readonly #socket: Socket
  readonly #owner: SinkOwner
  readonly #isChunked: boolean
  readonly #stallMs: number
  readonly #onWritten = (error?: Error | null) => this.#written(error)
  #isWriting = false
  #isFull = false
  #isClosed = false

  /**
   * @param isChunked whether the head announced a chunked body; otherwise the end of the connection ends it.
   * @param stallMs how long the peer may take nothing while something waits for it.
   */
  constructor(socket: Socket, owner: SinkOwner, isChunked: boolean, stallMs: number) {
    this.#socket = socket
    this.#owner = owner
    this.#isChunked = isChunked
    this.#stallMs = stallMs
    const owned: OwnedSocket = socket
    owned[sinkOf] = this
    socket.on('timeout', onStall)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    // Whatever the client sends is passed over; reading on is how its end is noticed.
    socket.resume()
  }

  write(frame: Frame): boolean {
    this.#isWriting = true
    this.#socket._write(this.#isChunked ? frame.chunked : frame.bare, asBuffer, this.#onWritten)
    if (!this.#isWriting) return true
    // The rest of it waits for room. Node looks at what the system takes meanwhile: a reader that is slow but
    // moves is not cut.
    this.#isFull = true
    this.#socket.setTimeout(this.#stallMs)
    return false
  }

  end(frame?: Frame): void {
    const bytes = frame && (this.#isChunked ? frame.chunked : frame.bare)
    if (bytes !== undefined) this.#socket.write(bytes)
    if (this.#isChunked) this.#socket.write(lastChunk, 'latin1')
    this.#socket.setTimeout(this.#stallMs)
    this.#socket.destroySoon()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#owner.onClose()
  }

  /** Called before `_write` returns if the system took everything, and otherwise when it has. */
  #written(error?: Error | null): void {
    this.#isWriting = false
    if (error) this.#socket.destroy()
    if (!this.#isFull || this.#isClosed) return
    this.#isFull = false
    this.#socket.setTimeout(0)
    this.#owner.onRoom()
  }
}

function onStall(this: OwnedSocket): void {
  this.destroy()
}

/** The client half-closed: no EventSource does, and nobody is left to read. */
function onEnd(this: OwnedSocket): void {
  this.destroy()
}

/** A reset is an ordinary way for a client to leave; `close` follows. */
function onError(): void {}

function onClose(this: OwnedSocket): void {
  this[sinkOf]?.closed()
}
