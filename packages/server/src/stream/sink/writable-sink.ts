import type { Writable } from 'node:stream'
import type { Frame } from '../../hub/frame.ts'
import type { Sink, SinkOwner } from './sink.ts'

/** Writes to a response that frames on its own: HTTP/2, TLS, or one that some middleware has wrapped. */
export class WritableSink implements Sink {
  readonly #response: Writable
  readonly #stallMs: number
  readonly #owner: SinkOwner
  #stall: NodeJS.Timeout | undefined
  #isClosed = false

  /**
   * @param response its head is sent.
   * @param stallMs how long the peer may take nothing while something waits for it.
   */
  constructor(response: Writable, owner: SinkOwner, stallMs: number) {
    this.#response = response
    this.#stallMs = stallMs
    this.#owner = owner
    response.on('drain', () => this.#drained())
    response.on('error', () => this.destroy())
    // Before all others who listen: they may ask who is still there.
    response.prependOnceListener('close', () => this.#close())
  }

  write(frame: Frame): boolean {
    const hasRoom = this.#response.write(frame.bare)
    // Compression middleware holds bytes back until it is told to let go of them.
    if ('flush' in this.#response && typeof this.#response.flush === 'function') this.#response.flush()
    if (!hasRoom) this.#limitStall()
    return hasRoom
  }

  end(frame?: Frame): void {
    this.#response.end(frame?.bare)
    // The last bytes need a reader too.
    this.#limitStall()
  }

  destroy(): void {
    this.#response.destroy()
    // A response that has lost its socket never says that it is closed.
    this.#close()
  }

  #limitStall(): void {
    if (!this.#isClosed) this.#stall ??= setTimeout(() => this.destroy(), this.#stallMs)
  }

  #drained(): void {
    if (this.#isClosed || this.#response.writableEnded) return
    clearTimeout(this.#stall)
    this.#stall = undefined
    this.#owner.onRoom()
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#stall)
    this.#owner.onClose()
  }
}
