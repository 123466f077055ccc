import { createHash } from 'node:crypto'
import type { NewEvent } from '@tidings/protocol'

/** What a process is to do to a log. */
export interface Load {
  /** The database file. */
  readonly path: string
  readonly durability?: 'fsync' | 'os-buffer'
  /** Tells this process's idempotency keys from those of others. */
  readonly name: string
  /** So many append at once, each waiting for its answer. */
  readonly callers: number
  /** Size of a payload, about. */
  readonly bytes: number
  /** Keys of earlier processes that got no answer: appended again first. */
  readonly retries?: readonly string[]
}

/** What the process reports, one line each. */
export type Report =
  | { readonly kind: 'opened'; readonly epoch: string; readonly head: number }
  | { readonly kind: 'asked'; readonly key: string }
  | { readonly kind: 'acknowledged'; readonly key: string; readonly ids: string[]; readonly at: number }
  | { readonly kind: 'refused'; readonly key: string; readonly code: string; readonly at: number }
  /** One batch of the tail. */
  | { readonly kind: 'shown'; readonly events: number }
  /** The longest that the main thread stood still in the last 100 ms. */
  | { readonly kind: 'pulse'; readonly lagMs: number }
  | { readonly kind: 'failed'; readonly message: string; readonly at: number }
  | { readonly kind: 'closed' }

/** The events that belong to a key: one to four, the same whenever it is asked. */
export function eventsOf(key: string, bytes: number): NewEvent[] {
  const seed = createHash('sha256').update(key).digest('hex')
  const count = 1 + (Number.parseInt(seed.slice(0, 2), 16) % 4)
  const padding = seed.repeat(Math.ceil(bytes / seed.length)).slice(0, bytes)
  return Array.from({ length: count }, (_, index) => ({
    topic: `load/${seed.slice(0, 1)}`,
    type: 'message',
    format: 'json',
    payload: JSON.stringify({ key, index, padding }),
  }))
}
