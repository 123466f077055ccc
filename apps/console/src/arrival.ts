import { readJson } from './api.ts'
import { readTime } from './clock.ts'
import { field, textField } from './payload.ts'

/** An event that arrived, live or as a page of history. */
export interface Arrival {
  readonly id: string
  readonly type: string
  /** Its JSON value, or its text if it holds none. */
  readonly data: unknown
  /** In milliseconds since 1970: when it was published if that is known, else when it arrived. */
  readonly atMs: number
  /** Whether it was published while this page was away. */
  readonly isReplayed: boolean
}

/** The newest events of some topics. */
export interface Past {
  /** Oldest first. */
  readonly arrivals: readonly Arrival[]
  /** The head of the log when the page was read: a stream that goes on from here misses nothing. */
  readonly head: string | undefined
}

/** Which part of the past is wanted. */
export interface PastQuery {
  readonly topic: string
  readonly types: readonly string[]
  readonly limit: number
}

/** Reads the newest events of a topic. @throws Error with words for the reader. */
export async function readPast({ topic, types, limit }: PastQuery): Promise<Past> {
  const query = new URLSearchParams({ topic, types: types.join(','), order: 'desc', limit: String(limit) })
  const body = await readJson(`/api/events?${query}`)
  const events = field(body, 'events')
  const arrivals = Array.isArray(events) ? events.map(readArrival).reverse() : []
  return { arrivals, head: textField(body, 'head') }
}

function readArrival(event: unknown): Arrival {
  return {
    id: textField(event, 'id') ?? '',
    type: textField(event, 'type') ?? 'message',
    data: field(event, 'data') ?? field(event, 'text'),
    atMs: readTime(field(event, 'time'), Date.now()),
    isReplayed: false,
  }
}
