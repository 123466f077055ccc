import type { StoredEvent } from './event-log.ts'

/** Which part of a log, in which direction. Bounds are included. */
export interface Range {
  readonly direction: 'forward' | 'backward'
  readonly from: number
  readonly to: number
}

/** What was found in a range, in the direction of reading. */
export interface Found {
  readonly events: StoredEvent[]
  /** The last number looked at: all of the selection up to it is in `events`. */
  readonly reached: number
}
