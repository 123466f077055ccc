import type { Cursor, Gap } from '@tidings/protocol'

/** One event of a publication, as it was sent. */
export interface SentEvent {
  readonly topic: string
  readonly type: string
  /** What arrives in `data:`. Unique in a history: this is how events are told apart. */
  readonly data: string
}

/** What one attempt to publish came back with. */
export type Outcome =
  | { readonly kind: 'acknowledged'; readonly ids: readonly string[]; readonly isDuplicate: boolean }
  /** The server said no, definitely: nothing of it may ever be seen. */
  | { readonly kind: 'refused'; readonly status: number }
  /** No answer came, or one that leaves it open. */
  | { readonly kind: 'unknown' }

/** Everything that happened under one idempotency key. */
export interface Publication {
  readonly key: string
  readonly events: readonly SentEvent[]
  /** In the order in which they ended. */
  readonly attempts: readonly Outcome[]
}

/** One thing that a stream's client did or saw. */
export type Step =
  /** The client connected, with this cursor or with none. */
  | { readonly kind: 'opened'; readonly lastEventId?: string | undefined }
  /** A block arrived; one without data dispatches nothing. */
  | {
      readonly kind: 'block'
      readonly id?: string | undefined
      readonly type: string
      readonly topic?: string | undefined
      readonly data?: string | undefined
    }
  /** The connection ended, however. */
  | { readonly kind: 'closed' }

/** What one client saw over all its connections. */
export interface StreamHistory {
  readonly name: string
  readonly topics: readonly string[]
  readonly types?: readonly string[] | undefined
  readonly steps: readonly Step[]
  /** Whether the test waited until everything had arrived: then whatever is missing at the end is lost. */
  readonly isSettled: boolean
}

/** What was done to the log on purpose: the only things that justify a gap. */
export interface LogFacts {
  /** The epochs that there have been, oldest first; more than one justifies gaps from one to the next. */
  readonly epochs: readonly string[]
  /** The newest number that retention can have removed. */
  readonly trimmedThrough: number
  /** Ids of events that an operator took away by restoring an older file. */
  readonly withdrawn?: ReadonlySet<string>
  /** What the log holds at the end, if it was read; an event that was seen and is not here was never stored. */
  readonly stored?: ReadonlyMap<string, string>
}

/** Both histories, and the facts that they are judged by. */
export interface History {
  readonly publications: readonly Publication[]
  readonly streams: readonly StreamHistory[]
  readonly facts: LogFacts
}

/** The promises that can be judged from histories and samples (RELIABILITY, "Invariants"). */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I7' | 'I9' | 'I10'

/** A broken promise. */
export interface Violation {
  readonly invariant: Invariant
  /** What happened, to whom, and what should have. */
  readonly explanation: string
}

/** A gap with its places read. */
export interface PlacedGap {
  readonly gap: Gap
  readonly from: Cursor | undefined
  readonly to: Cursor
}
