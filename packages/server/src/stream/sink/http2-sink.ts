import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Frame } from '../../hub/frame.ts'
import type { Sink, SinkOwner } from './sink.ts'

/**
 * Bytes that may wait in a stream before it counts as full, and the size of the pieces of what is larger: Node
 * tells when a write has left as a whole, so that pieces are how a slow reader is told from one that has stalled.
 */
const pieceBytes = 16 * 1024

/** Writes to a stream of HTTP/2, which frames on its own and waits for its reader's window. */
export class Http2Sink implements Sink {
  readonly #stream: ServerHttp2Stream
  readonly #owner: SinkOwner
  readonly #stallMs: number
  /** What is left of a frame of which the first pieces were written. */
  #rest: Buffer | undefined
  #isFull = false
  /** Since when the reader has taken nothing of what waits for it. */
  #waitingSince = 0
  /** Set while something waits, and looked at only when it fires: a timer for each delivery would cost too much. */
  #stall: NodeJS.Timeout | undefined
  #isClosed = false

  /**
   * @param stream its head is sent.
   * @param stallMs how long the peer may take nothing while something waits for it.
   */
  constructor(stream: ServerHttp2Stream, owner: SinkOwner, stallMs: number) {
    this.#stream = stream
    this.#owner = owner
    this.#stallMs = stallMs
    // A reset is an ordinary way for a client to leave; `close` follows.
    stream.on('error', () => {})
    // Before all others who listen: they may ask who is still there.
    stream.prependOnceListener('close', () => this.#close())
  }

  write(frame: Frame): boolean {
    const bytes = frame.bare
    const isSmall = bytes.length <= pieceBytes
    if (!isSmall) this.#rest = bytes.subarray(pieceBytes)
    this.#send(isSmall ? bytes : bytes.subarray(0, pieceBytes))
    this.#isFull = !isSmall || this.#stream.writableLength > pieceBytes
    return !this.#isFull
  }

  end(frame?: Frame): void {
    // Whole blocks only: what comes last would otherwise be read as part of half an event.
    if (this.#rest !== undefined) this.#stream.write(this.#rest)
    this.#rest = undefined
    this.#isFull = false
    this.#waitingSince = performance.now()
    this.#watch()
    this.#stream.end(frame?.bare)
  }

  destroy(): void {
    // To its reader half an answer must not look like a whole one; and whether it learns of it, the stream is over.
    if (!this.#stream.destroyed) this.#stream.close(constants.NGHTTP2_CANCEL)
    this.#stream.destroy()
  }

  #send(bytes: Buffer): void {
    if (this.#stream.writableLength === 0) this.#waitingSince = performance.now()
    this.#watch()
    this.#stream.write(bytes, this.#onTaken)
  }

  /** One function for all writes of a stream. */
  readonly #onTaken = (error?: Error | null): void => {
    if (error != null || this.#isClosed) return
    this.#waitingSince = performance.now()
    if (!this.#isFull) return
    if (this.#rest !== undefined) this.#sendPiece(this.#rest)
    else if (this.#stream.writableLength === 0) {
      this.#isFull = false
      this.#owner.onRoom()
    }
  }

  #sendPiece(rest: Buffer): void {
    this.#rest = rest.length > pieceBytes ? rest.subarray(pieceBytes) : undefined
    this.#send(rest.subarray(0, pieceBytes))
  }

  #watch(after = this.#stallMs): void {
    this.#stall ??= setTimeout(() => this.#look(), after)
  }

  #look(): void {
    this.#stall = undefined
    // After the end, it waits until the peer has ended too.
    if (this.#stream.writableLength === 0 && !this.#stream.writableEnded) return
    const left = this.#waitingSince + this.#stallMs - performance.now()
    if (left <= 0) this.destroy()
    else this.#watch(left)
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#stall)
    this.#owner.onClose()
  }
}
