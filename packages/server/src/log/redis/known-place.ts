import type { Cursor } from '@tidings/protocol'
import type { Batch } from '../event-log.ts'

/**
 * The newest place of the log that this node knows of, from an acknowledgement or from its tail: what Redis must still
 * hold, or it was rolled back.
 */
export class KnownPlace {
  #place: Cursor
  /** The epoch of the tail, and those that it has left. */
  #epoch: string
  readonly #left = new Set<string>()

  /** @param start where the log stood when it was opened. */
  constructor(start: Cursor) {
    this.#place = start
    this.#epoch = start.epoch
  }

  get place(): Cursor {
    return this.#place
  }

  /** Whether the tail has been in this epoch, and is in another now. */
  hasLeft(epoch: string): boolean {
    return this.#left.has(epoch)
  }

  /** Redis has stored up to here. An acknowledgement of an epoch that is over may come late, and tells nothing. */
  acknowledge(last: Cursor): void {
    if (this.hasLeft(last.epoch)) return
    if (this.#place.epoch !== last.epoch || this.#place.seq < last.seq) this.#place = last
  }

  /** The tail has come to a place. */
  follow({ events }: Batch, place: Cursor): void {
    if (events.length === 0) {
      this.#left.add(this.#epoch)
      this.#left.delete(place.epoch)
      this.#epoch = place.epoch
      this.#place = place
    } else if (this.#place.epoch === place.epoch && this.#place.seq < place.seq) this.#place = place
  }
}
