import type { Cursor } from '@tidings/protocol'
import type { Resumption } from './follow.ts'
import type { TailReader } from './tail-reader.ts'

/** How often it is looked whether what is written arrives, in milliseconds. */
const probeMs = 1_000

/** What liveness looks at. */
export interface LivenessOptions {
  readonly tail: TailReader
  /** Asks Redis, on the connection that writes, where the log stands for one who has seen it up to a place. */
  follow(place: Cursor): Promise<Resumption>
  /** Writes something, on the connection that writes, which must arrive at the tail. */
  probe(): Promise<unknown>
  onStarved(): void
}

/**
 * Finds out whether what is written arrives. A connection can be healthy and starved: it answers pings, while the log
 * goes on elsewhere or its answers get lost. So each interval a probe is written where events are written, and
 * something has to come where they are read before the next is due; and a log that has gone on, or has become another
 * one, without the tail moving from the spot is found in as long.
 */
export class Liveness {
  readonly #options: LivenessOptions
  readonly #timer: NodeJS.Timeout
  #isLooking = false
  /** What had arrived when a probe was written that has not; absent if none is under way. */
  #probedAt: number | undefined
  /** When Redis had it. */
  #writtenAt = 0
  /** Where the tail was when the log was found to be elsewhere. */
  #behindAt: Cursor | undefined
  /** What had arrived when the tail was found starved. */
  #starvedAt: number | undefined

  constructor(options: LivenessOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.#look(), probeMs).unref()
  }

  /** Whether nothing has arrived since it was found that something should have. */
  get isStarved(): boolean {
    return this.#starvedAt === this.#options.tail.arrivals
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    const { tail } = this.#options
    if (!tail.isUp) this.#forget()
    if (this.#isLooking || !tail.isUp) return
    this.#isLooking = true
    try {
      // After a standstill of this process what was expected may be here, and not yet read.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      if (this.#isOverdue || (await this.#isLeftBehind())) this.#starve()
      else if (this.#probedAt !== tail.arrivals) await this.#expect()
    } catch {
      // Redis is out of reach, or has no room for a probe: nothing is to be expected.
      this.#forget()
    } finally {
      this.#isLooking = false
    }
  }

  /** A Redis that was slow to take the probe needs time to hand it out, too. */
  get #isOverdue(): boolean {
    const isMissing = this.#probedAt === this.#options.tail.arrivals
    return isMissing && performance.now() - this.#writtenAt >= probeMs / 2
  }

  /** Whether the log was elsewhere at two looks while the tail was at one place. */
  async #isLeftBehind(): Promise<boolean> {
    const { tail, follow } = this.#options
    const { place } = tail
    const { state, standing } = await follow(place)
    const isElsewhere = standing !== 'seen' || state.head.seq > place.seq
    if (!isElsewhere || tail.place !== place) {
      this.#behindAt = undefined
      return false
    }
    if (this.#behindAt === place) return true
    this.#behindAt = place
    return false
  }

  async #expect(): Promise<void> {
    const { tail, probe } = this.#options
    this.#probedAt = tail.arrivals
    await probe()
    this.#writtenAt = performance.now()
  }

  #starve(): void {
    const { tail, onStarved } = this.#options
    this.#forget()
    this.#starvedAt = tail.arrivals
    onStarved()
    tail.cut(new Error('what is written does not arrive'))
  }

  #forget(): void {
    this.#probedAt = undefined
    this.#behindAt = undefined
  }
}
