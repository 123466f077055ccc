import type { Socket } from 'node:net'

/** How bytes pass in one direction. */
export interface ChannelSettings {
  /** Each piece arrives this much later, in milliseconds. */
  readonly latencyMs?: number
  readonly bytesPerSecond?: number
  /** Pieces of at most this many bytes, each in a packet of its own. */
  readonly sliceBytes?: number
  /** After this many bytes in this direction both sides are reset. */
  readonly cutAfterBytes?: number
  /** Nothing is read: the sender's buffers fill. */
  readonly isPaused?: boolean
  /** Everything is read and thrown away: the sender notices nothing. */
  readonly isBlackhole?: boolean
}

/** Bytes held back before the sender feels it. */
const heldBytes = 64 * 1024

/** One direction of a connection through the proxy. */
export class Channel {
  readonly #from: Socket
  readonly #to: Socket
  #settings: ChannelSettings
  /** What has been read and not yet passed on, with the time at which it may. */
  readonly #held: { readonly bytes: Buffer; readonly due: number }[] = []
  #size = 0
  #passed = 0
  #timer: NodeJS.Timeout | undefined
  #hasEnded = false
  /** Bytes that went into the black hole. */
  swallowed = 0

  constructor(from: Socket, to: Socket, settings: ChannelSettings) {
    this.#from = from
    this.#to = to
    this.#settings = settings
    from.on('data', (bytes) => this.#take(bytes))
    from.on('end', () => {
      this.#hasEnded = true
      this.#pass()
    })
    from.on('close', () => clearTimeout(this.#timer))
    to.on('drain', () => this.#pass())
    this.set(settings)
  }

  set(settings: ChannelSettings): void {
    this.#settings = settings
    this.#govern()
    this.#pass()
  }

  #take(bytes: Buffer): void {
    if (this.#settings.isBlackhole) {
      this.swallowed += bytes.length
      return
    }
    const size = this.#settings.sliceBytes ?? bytes.length
    const due = performance.now() + (this.#settings.latencyMs ?? 0)
    for (let at = 0; at < bytes.length; at += size) {
      this.#held.push({ bytes: bytes.subarray(at, at + size), due })
    }
    this.#size += bytes.length
    this.#govern()
    this.#pass()
  }

  /** Passes on what is due, one piece at a time if there is a rate or a slice size. */
  #pass(): void {
    if (this.#timer !== undefined || this.#settings.isPaused) return
    while (this.#held.length > 0 && !this.#to.writableNeedDrain) {
      const { bytes, due } = this.#held[0]!
      const wait = due - performance.now()
      if (wait > 0) {
        this.#later(wait)
        return
      }
      this.#held.shift()
      this.#size -= bytes.length
      if (!this.#to.destroyed && !this.#to.writableEnded) this.#to.write(bytes)
      this.#passed += bytes.length
      if (this.#passed >= (this.#settings.cutAfterBytes ?? Number.POSITIVE_INFINITY)) {
        this.#cut()
        return
      }
      this.#govern()
      const pace = this.#paceMs(bytes.length)
      if (pace > 0) {
        this.#later(pace)
        return
      }
    }
    if (this.#hasEnded && this.#held.length === 0) this.#to.end()
  }

  #paceMs(size: number): number {
    const { bytesPerSecond, sliceBytes } = this.#settings
    if (bytesPerSecond !== undefined) return (size / bytesPerSecond) * 1000
    // A turn of the event loop between two slices keeps the system from joining them.
    return sliceBytes === undefined ? 0 : 0.01
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#pass()
    }, ms)
  }

  #govern(): void {
    if (this.#settings.isPaused || this.#size > heldBytes) this.#from.pause()
    else this.#from.resume()
  }

  #cut(): void {
    this.#from.resetAndDestroy()
    this.#to.resetAndDestroy()
  }
}
