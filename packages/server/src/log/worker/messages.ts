import type { Cursor, NewEvent } from '@tidings/protocol'
import type {
  Appended,
  AppendOptions,
  Bounds,
  Durability,
  Retention,
  Standing,
  StoreHealth,
} from '../event-log.ts'
import type { PlainPage } from './columns.ts'

/** What questions about the log are called on the channel. */
export const logQuestion = 'log'

/** What the owner tells: a batch, as bytes that were made once for all workers; and that the log has failed. */
export const logBatch = 'log batch'
export const logFailure = 'log failure'

/** A selection as it crosses. */
export interface PlainSelection {
  readonly patterns: readonly string[]
  readonly types: ReadonlySet<string> | undefined
}

export type LogRequest =
  | { readonly kind: 'open' }
  | { readonly kind: 'append'; readonly events: readonly NewEvent[]; readonly options: AppendOptions }
  | {
      readonly kind: 'read'
      readonly selection: PlainSelection
      readonly after: number
      readonly limit: number
      readonly upTo: number | undefined
    }
  | {
      readonly kind: 'readBack'
      readonly selection: PlainSelection
      readonly before: number | undefined
      readonly limit: number
    }
  | { readonly kind: 'stand'; readonly cursor: Cursor }
  | { readonly kind: 'bounds' }
  | { readonly kind: 'trim'; readonly retention: Retention; readonly now: number | undefined }
  | { readonly kind: 'rotate' }

/** What a worker learns when it opens the log: every batch after this head follows. */
export interface Opened {
  readonly head: Cursor
  readonly durability: Durability
  readonly health: StoreHealth
}

export interface LogAnswers {
  open: Opened
  append: Appended
  read: PlainPage
  readBack: PlainPage
  stand: Standing
  bounds: Bounds
  trim: number
  rotate: string
}
