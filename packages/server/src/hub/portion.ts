import type { Cursor } from '@tidings/protocol'
import type { Frame } from './frame.ts'
import type { Interest } from './interest.ts'

/** What comes next for a reader who is behind. */
export interface Portion {
  /** The bytes to send; absent if nothing on the way was wanted. */
  readonly frame: Frame | undefined
  /** Where the reader stands after it. */
  readonly reached: Cursor
  /** The place before the oldest event that can be read. If it is beyond the reader's, there is a gap. */
  readonly floor: Cursor
}

/** Portions kept: those of a few crowds that fell behind together, not of every single reader. */
const kept = 8

/**
 * The newest portions. Streams that fall behind at the same moment want the same next portion; made once, it is
 * also one buffer in memory for all of them. History does not change, so that none is ever out of date.
 */
export class PortionCache {
  readonly #entries: { interest: Interest; after: Cursor; portion: Portion }[] = []
  #next = 0

  find(interest: Interest, after: Cursor): Portion | undefined {
    for (const entry of this.#entries) {
      const { seq, epoch } = entry.after
      if (entry.interest === interest && seq === after.seq && epoch === after.epoch) return entry.portion
    }
    return undefined
  }

  keep(interest: Interest, after: Cursor, portion: Portion): void {
    // An empty portion ends at the head of its moment, and is as quickly made as found.
    if (portion.frame === undefined) return
    this.#entries[this.#next] = { interest, after, portion }
    this.#next = (this.#next + 1) % kept
  }
}
