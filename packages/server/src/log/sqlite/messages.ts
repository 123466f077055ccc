import type { Cursor, PayloadFormat } from '@tidings/protocol'
import type { Bounds, Durability, Page, Retention, Standing } from '../event-log.ts'

/** What a thread is told when it starts. */
export interface ThreadData {
  readonly path: string
  readonly durability: Durability
  readonly idempotencyWindowMs: number
}

/** Events of one commit in columns: structured cloning costs by the object, so there are few. */
export interface Columns {
  readonly topic: string[]
  readonly tag: string[]
  readonly time: number[]
  readonly type: string[]
  readonly format: PayloadFormat[]
  readonly payload: string[]
}

/** What one caller appended: a slice of the columns. */
export interface Group {
  readonly count: number
  readonly key: string | undefined
}

/** What became of a group. */
export type GroupResult =
  | { readonly kind: 'stored'; readonly first: number }
  | { readonly kind: 'duplicate'; readonly cursors: readonly Cursor[] }
  | { readonly kind: 'mismatch' }

/** Where the log stands after a change. */
export type State = Bounds

export type WriterRequest =
  | { readonly kind: 'append'; readonly columns: Columns; readonly groups: readonly Group[] }
  | { readonly kind: 'trim'; readonly retention: Retention; readonly now: number }
  | { readonly kind: 'rotate' }
  | { readonly kind: 'close' }

export interface WriterAnswers {
  append: { readonly results: readonly GroupResult[]; readonly state: State }
  /** One step: how many events went, and whether more must go. */
  trim: { readonly removed: number; readonly isDone: boolean; readonly state: State }
  rotate: State
  close: undefined
}

/** A selection as it crosses to the reader's thread. */
export interface PlainSelection {
  readonly patterns: readonly string[]
  readonly types: ReadonlySet<string> | undefined
}

export interface ReadRequest {
  readonly kind: 'read'
  readonly selection: PlainSelection
  readonly after: number
  readonly limit: number
  readonly upTo: number | undefined
}

export interface ReadBackRequest {
  readonly kind: 'readBack'
  readonly selection: PlainSelection
  readonly before: number | undefined
  readonly limit: number
}

export type ReaderRequest =
  | ReadRequest
  | ReadBackRequest
  | { readonly kind: 'stand'; readonly cursor: Cursor }
  | { readonly kind: 'close' }

export interface ReaderAnswers {
  read: Page
  readBack: Page
  stand: Standing
  close: undefined
}

/** How a request failed: `full` can be tried again, after `failed` the file can't be trusted. */
export interface Failure {
  readonly kind: 'full' | 'failed'
  readonly message: string
}
