import type { Writable } from 'node:stream'
import type { Frame } from '../../hub/frame.ts'
import type { Sink, SinkOwner } from './sink.ts'

/** Writes to a response that frames on its own: HTTP/2, TLS, or one that some middleware has wrapped. */
export class WritableSink implements Sink {
  readonly #response: Writable
  readonly #stallMs: number
  #stall: NodeJS.Timeout | undefined

  /**
   * @param response its head is sent.
   * @param stallMs how long the peer may take nothing while something waits for it.
   */
  constructor(response: Writable, owner: SinkOwner, stallMs: number) {
    this.#response = response
    this.#stallMs = stallMs
    response.on('drain', () => {
      clearTimeout(this.#stall)
      owner.onRoom()
    })
    response.on('error', () => this.destroy())
    response.once('close', () => {
      clearTimeout(this.#stall)
      owner.onClose()
    })
  }

  write(frame: Frame): boolean {
    const hasRoom = this.#response.write(frame.bare)
    // Compression middleware holds bytes back until it is told to let go of them.
    if ('flush' in this.#response && typeof this.#response.flush === 'function') this.#response.flush()
    if (!hasRoom) this.#stall = setTimeout(() => this.destroy(), this.#stallMs)
    return hasRoom
  }

  end(frame?: Frame): void {
    this.#response.end(frame?.bare)
  }

  destroy(): void {
    this.#response.destroy()
  }
}
