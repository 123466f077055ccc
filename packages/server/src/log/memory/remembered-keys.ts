import { createHash } from 'node:crypto'
import type { Cursor, NewEvent } from '@tidings/protocol'
import { idempotencyMismatch } from '../refusals.ts'

interface Remembered {
  readonly hash: string
  readonly cursors: readonly Cursor[]
  readonly time: number
}

/** The idempotency keys of a window of time, and what they stand for. */
export class RememberedKeys {
  readonly #windowMs: number
  /** In the order in which they came, so that the oldest are first. */
  readonly #keys = new Map<string, Remembered>()

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /**
   * The cursors of an earlier append with this key, if there was one.
   * @throws TidingsError `idempotency_mismatch`, if it was of other events.
   */
  find(key: string, events: readonly NewEvent[], now: number): readonly Cursor[] | undefined {
    const found = this.#keys.get(key)
    if (found === undefined || found.time < now - this.#windowMs) return undefined
    if (found.hash !== hashOf(events)) throw idempotencyMismatch()
    return found.cursors
  }

  remember(key: string, events: readonly NewEvent[], cursors: readonly Cursor[], now: number): void {
    // A key that comes back after its window moves to the end.
    this.#keys.delete(key)
    this.#keys.set(key, { hash: hashOf(events), cursors, time: now })
  }

  forgetOld(now: number): void {
    for (const [key, { time }] of this.#keys) {
      if (time >= now - this.#windowMs) return
      this.#keys.delete(key)
    }
  }
}

function hashOf(events: readonly NewEvent[]): string {
  const hash = createHash('sha256')
  for (const { topic, type, format, payload } of events) {
    hash.update(JSON.stringify([topic, type, format, payload]))
  }
  return hash.digest('base64')
}
