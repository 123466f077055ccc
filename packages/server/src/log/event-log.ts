import type { Cursor, Durability, NewEvent, PayloadFormat, StoreHealth, TopicSet } from '@tidings/protocol'
import type { StoreNotice } from '../observe/store-notice.ts'

/** An event as the log keeps it. Its id is the cursor of the log's epoch, `seq` and `tag`. */
export interface StoredEvent {
  /** Dense, from 1: the event after `n` is `n + 1`. */
  readonly seq: number
  /** Five random characters that tell this event from another that once had its number. */
  readonly tag: string
  /** When the log took it, in milliseconds since 1970. */
  readonly time: number
  readonly topic: string
  readonly type: string
  readonly format: PayloadFormat
  readonly payload: string
}

export type { Durability, StoreHealth, StoreNotice }

/** Which events a reader wants. */
export interface Selection {
  readonly topics: TopicSet
  /** Only these types; all, if absent. */
  readonly types?: ReadonlySet<string>
}

/** The answer to an append. */
export interface Appended {
  /** Cursors of the events, in the order in which they were given. */
  readonly cursors: readonly Cursor[]
  /** Whether an earlier append with the same idempotency key stored them, and this one stored nothing. */
  readonly isDuplicate: boolean
}

/** What an append may be told. */
export interface AppendOptions {
  /** Makes a retry safe: for 24 hours the same key and events give the same cursors and store nothing. */
  readonly idempotencyKey?: string
}

/** Where a log begins and ends. */
export interface Bounds {
  /** The place before the oldest event that can be read: what came earlier, retention took. */
  readonly floor: Cursor
  /** The place after the newest event. Equal to `floor` if there is none. */
  readonly head: Cursor
  /** Payloads, topics and types kept, in bytes, as retention counts them. */
  readonly bytes: number
}

/** One page to read: events of `selection`, oldest first. */
export interface ReadForward {
  readonly selection: Selection
  /** Read what comes after this number. */
  readonly after: number
  /** At most this many events. */
  readonly limit: number
  /** Stop at this number, included; the head, if absent. */
  readonly upTo?: number
}

/** One page to read backwards: the newest events of `selection` below a number, newest first. */
export interface ReadBackward {
  readonly selection: Selection
  /** Read what comes before this number; from the head, if absent. */
  readonly before?: number
  readonly limit: number
}

/** A page of events. It may be empty and yet not the last: work for one page is bounded. */
export interface Page {
  readonly events: readonly StoredEvent[]
  /**
   * How far the log was looked through, as a place to go on from: everything of the selection on the way
   * here is in `events`.
   */
  readonly reached: Cursor
  /** Whether nothing that is stored now remains to be read in this direction, up to where the reader asked. */
  readonly isEnd: boolean
  /** The place before the oldest event kept when the page was read: what a reader wanted below it is gone. */
  readonly floor: Cursor
}

/**
 * Whether a place is one that readers can go on from, and if not, why (PROTOCOL §4.3).
 * `trimmed` means that it was valid, but that what came next is gone.
 */
export type Standing = 'valid' | 'trimmed' | 'diverged' | 'epoch'

/** One commit: the events in order; or none, when the log began a new epoch, or goes on from elsewhere. */
export interface Batch {
  readonly epoch: string
  readonly events: readonly StoredEvent[]
  /**
   * With no events: the log goes on from here, and nobody can say what came between the batch before and this place.
   * If absent, a new epoch goes on from where the last one ended.
   */
  readonly from?: Cursor
}

/** A running tail. */
export interface Tail {
  /** Where it began: every event after this place is called back, once. */
  readonly head: Cursor
  stop(): void
}

/** How much a log keeps. The oldest events go first, when any of the three is exceeded. */
export interface Retention {
  readonly ageMs: number
  readonly events: number
  readonly bytes: number
}

/**
 * The port that everything hangs on: an ordered, durable record of events.
 * Every engine keeps the contract of `@tidings/conformance`.
 *
 * All methods but `tail` and `bounds` reject with a TidingsError: `storage_full` (nothing was stored, try later),
 * `storage_unavailable` (nothing was stored, the store can't be reached now), `storage_unanswered` (the outcome is
 * unknown, the log lives on), `storage_failed` (the outcome is unknown and the log is dead: see `failed`),
 * `idempotency_mismatch`, `overloaded` (too much is waiting to be stored), `draining` (the log is closed).
 */
export interface EventLog {
  /** What an acknowledgement is worth now. */
  readonly durability: Durability
  readonly health: StoreHealth
  /** Resolves, with the cause, if the log can no longer be trusted. The process should then end. */
  readonly failed: Promise<Error>
  /**
   * Stores events: all or none, contiguous, in this order. Durable when it resolves, and not seen by
   * any reader or tail before it is.
   */
  append(events: readonly NewEvent[], options?: AppendOptions): Promise<Appended>
  /** Reads a page forwards. */
  read(query: ReadForward): Promise<Page>
  /** Reads a page backwards. */
  readBack(query: ReadBackward): Promise<Page>
  /** Judges a cursor that a client brought. */
  stand(cursor: Cursor): Promise<Standing>
  /**
   * Calls back with every batch committed after the place that it resolves with, in order, until stopped.
   * `onBatch` must not throw: an engine cannot go on in front of a reader that has lost its place.
   */
  tail(onBatch: (batch: Batch) => void): Promise<Tail>
  bounds(): Promise<Bounds>
  /**
   * From now on nothing that was read or tailed is handed out before a check, and if that gives a promise, before this
   * has resolved: who may read is then known to be as new as what is read. Engines have it that others write to: what
   * they hand out may have been written long after this process last heard who has lost a permission.
   * @param check quick as a rule; if it rejects, nothing is handed out, and it is tried again.
   */
  handOutAfter?(check: () => Promise<void> | undefined): void
  /**
   * Removes what the retention no longer covers, in steps that let appends through; resolves with how many
   * events went.
   * @param now in milliseconds since 1970; if absent, by the clock that gives events their times.
   */
  trim(retention: Retention, now?: number): Promise<number>
  /** Begins a new epoch: from now on every earlier cursor is of another history. */
  rotate(): Promise<string>
  /** Finishes what is under way and releases everything. */
  close(): Promise<void>
}
