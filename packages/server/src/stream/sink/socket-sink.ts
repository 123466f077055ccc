import type { Socket } from 'node:net'
import type { Frame } from '../../hub/frame.ts'
import { type Handle, handleOf, type Waiter, writeDirectly } from './direct-write.ts'
import type { Sink, SinkOwner } from './sink.ts'

const sinkOf = Symbol('sink')

/** A socket that knows its sink: the handlers below serve all sockets, where closures would cost each its own. */
interface OwnedSocket extends Socket {
  [sinkOf]?: SocketSink
}

/** The end of a chunked body. */
const lastChunk = '0\r\n\r\n'

/**
 * Writes straight to the socket of an HTTP/1.1 response whose head is sent. Frames are chunks already, so
 * that a delivery is one call with bytes that all streams share. What the system does not take at once waits,
 * and the sink is full until it has.
 */
export class SocketSink implements Sink, Waiter {
  readonly #socket: Socket
  readonly #owner: SinkOwner
  readonly #isChunked: boolean
  readonly #stallMs: number
  #handle: Handle | undefined
  /** Bytes that waited when the reader was last looked at. */
  #waiting = 0
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
    this.#handle = handleOf(socket)
    const owned: OwnedSocket = socket
    owned[sinkOf] = this
    socket.on('drain', onDrain)
    socket.on('timeout', onStall)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    // Whatever the client sends is passed over; reading on is how its end is noticed.
    socket.resume()
  }

  write(frame: Frame): boolean {
    const bytes = this.#isChunked ? frame.chunked : frame.bare
    if (this.#handle === undefined) {
      if (this.#socket.write(bytes)) return true
    } else {
      const outcome = writeDirectly(this.#handle, bytes, this)
      if (outcome === 'taken') return true
      if (outcome === 'failed') this.#socket.destroy()
    }
    this.#watch()
    return false
  }

  end(frame?: Frame): void {
    const bytes = frame && (this.#isChunked ? frame.chunked : frame.bare)
    if (bytes !== undefined) this.#socket.write(bytes)
    if (this.#isChunked) this.#socket.write(lastChunk, 'latin1')
    this.#watch()
    this.#socket.destroySoon()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#handle = undefined
    this.#owner.onClose()
  }

  onTaken(isWell: boolean): void {
    if (isWell) this.hasRoom()
    else this.#socket.destroy()
  }

  hasRoom(): void {
    this.#socket.setTimeout(0)
    this.#waiting = 0
    if (!this.#isClosed) this.#owner.onRoom()
  }

  /** Cuts a reader that has taken nothing since the last look; one that is slow but moves may go on. */
  stalled(): void {
    const before = this.#waiting
    this.#watch()
    if (this.#waiting === 0 || this.#waiting >= before) this.#socket.destroy()
  }

  #watch(): void {
    this.#waiting = this.#socket.writableLength + (this.#handle?.writeQueueSize ?? 0)
    this.#socket.setTimeout(this.#stallMs)
  }
}

function onDrain(this: OwnedSocket): void {
  this[sinkOf]?.hasRoom()
}

function onStall(this: OwnedSocket): void {
  this[sinkOf]?.stalled()
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
