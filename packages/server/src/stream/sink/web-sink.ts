import type { Frame } from '../../hub/frame.ts'
import type { Sink, SinkOwner } from './sink.ts'

/** Bytes that may wait in a web stream: as much as Node lets wait in a socket. */
const highWaterMark = 64 * 1024

/** Writes to the body of a fetch-style Response. */
export class WebSink implements Sink {
  /** The body to respond with. */
  readonly body: ReadableStream<Uint8Array>
  readonly #owner: SinkOwner
  readonly #stallMs: number
  /** Kept as long as the stream: its signal says that the client has left, and is silent once the request is gone. */
  readonly #request: Request
  /** Nobody is there to see how it ends; an error would be one in the log of the framework, for each page that is closed. */
  readonly #onLeft = () => this.end()
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #stall: NodeJS.Timeout | undefined
  #isClosed = false

  /**
   * @param stallMs how long the reader may take nothing while something waits for it.
   * @param request whose client this is for.
   */
  constructor(owner: SinkOwner, stallMs: number, request: Request) {
    this.#owner = owner
    this.#stallMs = stallMs
    this.#request = request
    request.signal.addEventListener('abort', this.#onLeft, { once: true })
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#pulled(),
        cancel: () => this.#close(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark }),
    )
  }

  write(frame: Frame): boolean {
    if (this.#isClosed) return true
    // A copy: some frameworks transfer the memory of what they read, and this memory is everybody's.
    this.#controller.enqueue(new Uint8Array(frame.bare))
    if ((this.#controller.desiredSize ?? 0) > 0) return true
    this.#stall ??= setTimeout(() => this.destroy(), this.#stallMs)
    return false
  }

  end(frame?: Frame): void {
    if (this.#isClosed) return
    if (frame !== undefined) this.#controller.enqueue(new Uint8Array(frame.bare))
    this.#controller.close()
    this.#close()
  }

  destroy(): void {
    if (this.#isClosed) return
    this.#controller.error(new Error('The stream was cut off.'))
    this.#close()
  }

  #pulled(): void {
    if (this.#stall === undefined) return
    clearTimeout(this.#stall)
    this.#stall = undefined
    this.#owner.onRoom()
  }

  #close(): void {
    this.#isClosed = true
    clearTimeout(this.#stall)
    this.#request.signal.removeEventListener('abort', this.#onLeft)
    this.#owner.onClose()
  }
}
