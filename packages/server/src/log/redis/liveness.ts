import type { RedisLink } from '../../redis/redis-link.ts'
import type { TailReader } from './tail-reader.ts'

/** How often it is looked whether anything arrives, in milliseconds. */
const intervalMs = 1_000

/** Probes kept: whoever comes later needs none. */
const keptProbes = '8'

/** What liveness looks at. */
export interface LivenessOptions {
  readonly link: RedisLink
  readonly tail: TailReader
  /** The stream of probes. */
  readonly probes: string
  /** The newest number that Redis has acknowledged to this node. */
  acknowledged(): number
  onStarved(): void
}

/**
 * Finds out whether what is written arrives. A connection can be healthy and starved: it answers pings, and the log
 * goes on elsewhere, or its answers get lost. So whoever has heard nothing for an interval writes a probe where it
 * writes events, and expects it where it reads them, within another.
 */
export class Liveness {
  readonly #options: LivenessOptions
  readonly #timer: NodeJS.Timeout
  #arrivals = 0
  /** What had arrived when something was written that must arrive; absent if nothing was. */
  #expectedSince: number | undefined
  /** What had arrived when it was found starved. */
  #starvedSince: number | undefined

  constructor(options: LivenessOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#look(), intervalMs).unref()
  }

  /** Whether nothing has arrived since it was found that something should have. */
  get isStarved(): boolean {
    return this.#starvedSince === this.#options.tail.arrivals
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const { link, tail, acknowledged } = this.#options
    if (!link.isUp || !tail.isUp) {
      this.#expectedSince = undefined
      return
    }
    if (this.#expectedSince === tail.arrivals) {
      // After a standstill of this process the answer may be here, and not yet read.
      setImmediate(() => setImmediate(() => this.#judge()))
      return
    }
    const isQuiet = tail.arrivals === this.#arrivals
    const isBehind = tail.place.seq < acknowledged()
    this.#arrivals = tail.arrivals
    this.#expectedSince = isQuiet || isBehind ? tail.arrivals : undefined
    if (isQuiet) void this.#probe()
  }

  #judge(): void {
    const { tail, onStarved } = this.#options
    if (this.#expectedSince !== tail.arrivals || !tail.isUp) return
    this.#expectedSince = undefined
    this.#starvedSince = tail.arrivals
    onStarved()
    tail.cut(new Error('what is written does not arrive'))
  }

  async #probe(): Promise<void> {
    const { link, probes } = this.#options
    try {
      await link.send(['XADD', probes, 'MAXLEN', keptProbes, '*', 'probe', ''])
    } catch {
      // Not written, for want of memory or of a connection: nothing is to be expected.
      this.#expectedSince = undefined
    }
  }
}
