import type { Cursor, PayloadFormat } from '@tidings/protocol'
import type { Batch, Page, StoredEvent } from '../event-log.ts'

/** Events in columns: cloning costs by the object, so there are few. */
interface Columns {
  readonly seq: number[]
  readonly tag: string[]
  readonly time: number[]
  readonly topic: string[]
  readonly type: string[]
  readonly format: PayloadFormat[]
  readonly payload: string[]
}

/** A batch as it crosses to a worker. */
export interface PlainBatch {
  readonly epoch: string
  readonly columns: Columns
  readonly from: Cursor | undefined
}

/** A page as it crosses. */
export type PlainPage = Omit<Page, 'events'> & { readonly columns: Columns }

export function plainBatch({ epoch, events, from }: Batch): PlainBatch {
  return { epoch, columns: columnsOf(events), from }
}

export function batchOf({ epoch, columns, from }: PlainBatch): Batch {
  const events = eventsOf(columns)
  return from === undefined ? { epoch, events } : { epoch, events, from }
}

export function plainPage({ events, ...page }: Page): PlainPage {
  return { ...page, columns: columnsOf(events) }
}

export function pageOf({ columns, ...page }: PlainPage): Page {
  return { ...page, events: eventsOf(columns) }
}

function columnsOf(events: readonly StoredEvent[]): Columns {
  return {
    seq: events.map(({ seq }) => seq),
    tag: events.map(({ tag }) => tag),
    time: events.map(({ time }) => time),
    topic: events.map(({ topic }) => topic),
    type: events.map(({ type }) => type),
    format: events.map(({ format }) => format),
    payload: events.map(({ payload }) => payload),
  }
}

function eventsOf({ seq, tag, time, topic, type, format, payload }: Columns): StoredEvent[] {
  return seq.map((number, at) => ({
    seq: number,
    tag: tag[at]!,
    time: time[at]!,
    topic: topic[at]!,
    type: type[at]!,
    format: format[at]!,
    payload: payload[at]!,
  }))
}
