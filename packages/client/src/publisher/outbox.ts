import type { Receipt } from '../api/answers.ts'
import { TidingsRequestError } from '../api/request-error.ts'

/** One call of `publish`, waiting: its events are stored all or none, so they stay together. */
export interface Parcel {
  /** The events as JSON, separated by commas. */
  readonly json: string
  readonly events: number
  readonly bytes: number
  /** The caller's own key, under which nothing else may go. */
  readonly idempotencyKey: string | undefined
  resolve(receipt: Receipt): void
  reject(reason: unknown): void
}

/** How much may wait, and how much goes into one request. */
export interface OutboxLimits {
  readonly maxBatchEvents: number
  readonly maxBatchBytes: number
  readonly maxWaitingEvents: number
  readonly maxWaitingBytes: number
}

/** Parcels that wait, in order, within bounds. */
export class Outbox {
  readonly #limits: OutboxLimits
  readonly #parcels = new Set<Parcel>()
  #events = 0
  #bytes = 0
  #maxBatchEvents: number

  constructor(limits: OutboxLimits) {
    this.#limits = limits
    this.#maxBatchEvents = limits.maxBatchEvents
  }

  get isEmpty(): boolean {
    return this.#parcels.size === 0
  }

  /**
   * Puts a parcel at the end.
   * @throws TidingsRequestError `overflow` if there is no room; one parcel always has room in an empty outbox.
   */
  put(parcel: Parcel): void {
    const { maxWaitingEvents, maxWaitingBytes } = this.#limits
    const isOver =
      this.#events + parcel.events > maxWaitingEvents || this.#bytes + parcel.bytes > maxWaitingBytes
    if (isOver && !this.isEmpty) {
      throw new TidingsRequestError(
        'overflow',
        `${this.#events} events (${this.#bytes} bytes) wait for the server already. ` +
          'Await some of them, or raise maxWaitingEvents and maxWaitingBytes.',
      )
    }
    this.#parcels.add(parcel)
    this.#events += parcel.events
    this.#bytes += parcel.bytes
  }

  /** Takes a parcel out, whether it was waiting or not. */
  drop(parcel: Parcel): boolean {
    if (!this.#parcels.delete(parcel)) return false
    this.#events -= parcel.events
    this.#bytes -= parcel.bytes
    return true
  }

  /** Takes as many parcels as may go in one request: at least one, if any wait. */
  takeBatch(): Parcel[] {
    const batch: Parcel[] = []
    let events = 0
    let bytes = 0
    for (const parcel of this.#parcels) {
      events += parcel.events
      bytes += parcel.bytes + 1
      const isFull = events > this.#maxBatchEvents || bytes > this.#limits.maxBatchBytes
      const isAlone = parcel.idempotencyKey !== undefined
      if (batch.length > 0 && (isFull || isAlone)) break
      batch.push(parcel)
      this.drop(parcel)
      if (isAlone) break
    }
    return batch
  }

  /** The server takes smaller batches than this: later ones are. */
  learnFrom(refused: readonly Parcel[]): void {
    const events = refused.reduce((sum, parcel) => sum + parcel.events, 0)
    this.#maxBatchEvents = Math.max(1, Math.min(this.#maxBatchEvents, Math.floor(events / 2)))
  }
}
