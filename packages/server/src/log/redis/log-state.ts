import type { Cursor } from '@tidings/protocol'
import type { Bounds } from '../event-log.ts'

/** What scripts answer as the log's state: epoch, head, its tag, floor, its tag, bytes, last id of the stream. */
export type StateReply = readonly [string, string, string, string, string, string, string]

/** Where a log stands. */
export interface LogState extends Bounds {
  /** The id in the stream after which the next entry comes. */
  readonly lastId: string
}

/** Reads a state. */
export function readState([epoch, head, headTag, floor, floorTag, bytes, lastId]: StateReply): LogState {
  return {
    floor: { epoch, seq: Number(floor), tag: floorTag },
    head: { epoch, seq: Number(head), tag: headTag },
    bytes: Number(bytes),
    lastId,
  }
}

/** A place as three arguments of a script; empty ones, if there is none. */
export function placeArgs(place: Cursor | undefined): string[] {
  return place === undefined ? ['', '0', ''] : [place.epoch, String(place.seq), place.tag]
}
