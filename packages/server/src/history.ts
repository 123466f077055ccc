import {
  type Cursor,
  formatCursor,
  type Gap,
  type GapReason,
  parseCursor,
  TidingsError,
  TopicSet,
} from '@tidings/protocol'
import { type Access, openAccess } from './auth/access.ts'
import type { EventLog, Page, Selection, StoredEvent } from './log/event-log.ts'

/** Which page of the log to read. */
export interface HistoryQuery {
  /** Topics and patterns. */
  readonly topics: readonly string[]
  /** Only these types; all, if absent. */
  readonly types?: readonly string[] | undefined
  /** With `asc`: an id; the page begins after it. From the oldest event, if absent. */
  readonly after?: string | undefined
  /** With `desc`: an id; the page begins before it. From the newest event, if absent. */
  readonly before?: string | undefined
  /** At most this many events; 100, if absent. */
  readonly limit?: number | undefined
  /** Oldest first, or newest first; `asc`, if absent. */
  readonly order?: 'asc' | 'desc' | undefined
  /** What this caller may read; everything, if absent. */
  readonly access?: Access | undefined
}

/** An event as the pages show it. */
export interface HistoryEvent {
  readonly id: string
  readonly topic: string
  readonly type: string
  /** When the log took it, in ISO 8601. */
  readonly time: string
  /** The payload of an event that was published as JSON. */
  readonly data?: unknown
  /** The payload of an event that was published as text. */
  readonly text?: string
}

/** A page of the log (PROTOCOL §7). */
export interface HistoryPage {
  readonly events: HistoryEvent[]
  /** Give it as `after` (or `before`, with `desc`) to read on; `null` at the end. */
  readonly next: string | null
  /** The place after the newest event of the log. */
  readonly head: string
  /** What stands in the way between the id that was given and this page. */
  readonly gap?: Gap
}

/**
 * Reads a page of what this caller may read now.
 * @throws TidingsError `invalid_topic`, `invalid_query`, `forbidden`, or one of the log's; TypeError if `topics` or
 *   `types` is no list.
 */
export async function readHistory(log: EventLog, query: HistoryQuery): Promise<HistoryPage> {
  const { access = openAccess, order = 'asc', limit = 100 } = query
  checkQuery(query)
  const topics = new TopicSet(query.topics)
  // Refused rather than empty: where such pages end would tell how much there is.
  const reading = access.reading(topics)
  const selection: Selection = query.types ? { topics, types: new Set(query.types) } : { topics }
  const isForward = order === 'asc'
  const place = isForward ? readPlace('after', query.after) : readPlace('before', query.before)
  const standing = place === undefined ? 'valid' : await log.stand(place)
  // A number means nothing in another history: the page begins where one without an id does.
  const from = standing === 'valid' || standing === 'trimmed' ? place?.seq : undefined
  // The page ends here, whatever comes meanwhile: a stream that begins at this head goes on exactly behind it.
  const { head } = await log.bounds()
  const read = (seq: number | undefined): Promise<Page> =>
    isForward
      ? log.read({ selection, after: seq ?? 0, limit, upTo: head.seq })
      : log.readBack({ selection, before: seq ?? head.seq + 1, limit })
  let page = await read(from)
  while (page.events.length === 0 && !page.isEnd) page = await read(page.reached.seq)
  const events = page.events.filter(({ topic }) => reading.mayRead(topic))
  return {
    events: events.map((event) => toHistoryEvent(event, page.reached.epoch)),
    next: page.isEnd ? null : formatCursor(page.reached),
    head: formatCursor(head),
    ...(standing !== 'valid' && {
      gap: toGap(standing, place!, isForward || standing === 'trimmed' ? page.floor : head),
    }),
  }
}

/** What an app hands on from its own callers: the threads of a log would take a limit that is no number for their end. */
function checkQuery({ topics, types, limit = 1, order = 'asc' }: HistoryQuery): void {
  // A text would pass for the list of its letters.
  if (!Array.isArray(topics)) throw new TypeError('topics is a list of topics, e.g. ["orders/*"].')
  if (types !== undefined && !Array.isArray(types)) throw new TypeError('types is a list of types.')
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new TidingsError('invalid_query', 'limit must be a whole number from 1.', { field: 'limit' })
  }
  if (order !== 'asc' && order !== 'desc') {
    throw new TidingsError('invalid_query', 'order must be asc or desc.', { field: 'order' })
  }
}

function readPlace(field: 'after' | 'before', id: string | undefined): Cursor | undefined {
  if (id === undefined) return undefined
  const place = parseCursor(id)
  if (place !== undefined) return place
  throw new TidingsError('invalid_query', `${field} takes the id of an event, as this log wrote it.`, {
    field,
  })
}

function toGap(reason: GapReason, from: Cursor, to: Cursor): Gap {
  const missed = reason === 'trimmed' ? to.seq - from.seq : null
  return { reason, from: formatCursor(from), to: formatCursor(to), missed }
}

function toHistoryEvent(event: StoredEvent, epoch: string): HistoryEvent {
  const { seq, tag, topic, type, time, format, payload } = event
  const common = { id: formatCursor({ epoch, seq, tag }), topic, type, time: new Date(time).toISOString() }
  return format === 'json' ? { ...common, data: JSON.parse(payload) } : { ...common, text: payload }
}
