import { countEvents, lastIdIn, nowMicros, readStamps } from '../payload.ts'

/** What of the events of one stream is looked at. */
export interface CountOptions {
  /** Whether the stamps are read: on a sample of the streams, for counting is all that the rest can afford. */
  readonly isSampled: boolean
  /** Whether the last id is remembered. */
  readonly tracksId: boolean
}

const nothing = Buffer.alloc(0)

/** Counts the events of one stream in its bytes, and parses nothing unless it is a sampled one. */
export class EventCount {
  lastId: string | undefined
  readonly #options: CountOptions
  readonly #onLatency: (micros: number) => void
  #cutOff: Buffer = nothing

  constructor(options: CountOptions, onLatency: (micros: number) => void) {
    this.#options = options
    this.#onLatency = onLatency
  }

  /** How many events begin in the next bytes, which may be overwritten afterwards. */
  take(chunk: Buffer): number {
    if (this.#options.tracksId) this.lastId = lastIdIn(chunk) ?? this.lastId
    if (this.#options.isSampled) this.#sample(chunk)
    return countEvents(chunk)
  }

  #sample(chunk: Buffer): void {
    const bytes = this.#cutOff.length === 0 ? chunk : Buffer.concat([this.#cutOff, chunk])
    const now = nowMicros()
    const rest = readStamps(bytes, (due) => this.#onLatency(now - due))
    // A copy: the chunk is overwritten by the next read.
    this.#cutOff = rest === bytes.length ? nothing : Buffer.from(bytes.subarray(rest))
  }
}
