import {
  type Cursor,
  checkPattern,
  formatCursor,
  parseCursor,
  TidingsError,
  TopicSet,
} from '@tidings/protocol'
import type { Hub } from '../hub/hub.ts'
import { Interest } from '../hub/interest.ts'
import { checkLast } from './accept.ts'
import type { Connection, Past } from './connection.ts'

/** How the topics of an open stream change (§5.8). */
export interface Amendment {
  /** Topics and patterns that are wanted too. */
  readonly add?: readonly string[] | undefined
  /** Those that are no longer wanted, spelled as they were asked for. */
  readonly remove?: readonly string[] | undefined
  /** Catch up with the added ones from this id; without it, and without `last`, they begin where the stream stands. */
  readonly after?: string | undefined
  /** Catch up with this many of the newest events of the added ones. */
  readonly last?: number | undefined
}

/** What an open stream wants now. */
export interface Amended {
  readonly topics: readonly string[]
  /** The id after which its added topics are part of it. */
  readonly cursor: string
}

/**
 * Changes the topics of an open stream, without a gap.
 * @returns `undefined` if the stream is over.
 * @throws TidingsError `invalid_topic`, `invalid_field`, `too_many_topics`, `forbidden`; it then goes on as it was.
 */
export async function amend(
  hub: Hub,
  connection: Connection,
  amendment: Amendment,
  maxTopics: number,
): Promise<Amended | undefined> {
  const { add = [], remove = [] } = amendment
  const added = new TopicSet(checkList('add', add, maxTopics))
  const removed = new Set(checkList('remove', remove, maxTopics))
  const past = await findPast(hub, connection, added, amendment)
  // From here on nothing waits: what the stream wants now is what changes.
  const { exact, patterns } = connection.wanted.topics
  const kept = [...exact, ...patterns].filter((topic) => !removed.has(topic))
  const topics = new TopicSet([...kept, ...added.exact, ...added.patterns])
  checkSize(topics, maxTopics)
  const from = connection.amend(topics, past)
  if (from === undefined) return undefined
  return { topics: [...topics.exact, ...topics.patterns], cursor: formatCursor(from) }
}

/** Where catching up with the added topics begins, if it is asked for. */
async function findPast(
  hub: Hub,
  { access, wanted }: Connection,
  added: TopicSet,
  { after, last }: Amendment,
): Promise<Past | undefined> {
  if (after !== undefined && last !== undefined) throw invalid('after', 'Give after or last, not both.')
  if (added.size === 0 || (after === undefined && !last)) return undefined
  if (after === undefined) {
    checkLast(last)
    const interest = new Interest('', { ...wanted, topics: added, ...access.reading(added) })
    return { topics: added, after: await hub.beforeLast(interest, last!) }
  }
  const cursor = readCursor(after)
  const standing = await hub.stand(cursor)
  // What was trimmed is found when it is read.
  const isKnown = standing === 'valid' || standing === 'trimmed'
  return isKnown ? { topics: added, after: cursor.seq } : { topics: added, gap: standing }
}

function readCursor(id: unknown): Cursor {
  const cursor = typeof id === 'string' ? parseCursor(id) : undefined
  if (cursor === undefined) throw invalid('after', 'after takes the id of an event, as this log wrote it.')
  return cursor
}

function checkList(field: string, topics: unknown, maxTopics: number): string[] {
  if (!Array.isArray(topics)) throw invalid(field, `${field} is a list of topics.`)
  if (topics.length > maxTopics) throw tooMany(maxTopics)
  return topics.map(checkPattern)
}

function checkSize({ size }: TopicSet, maxTopics: number): void {
  if (size > maxTopics) throw tooMany(maxTopics)
  if (size === 0) throw invalid('remove', 'A stream keeps at least one topic; close it if none is wanted.')
}

function tooMany(maxTopics: number): TidingsError {
  return new TidingsError('too_many_topics', `A stream takes at most ${maxTopics} topics; use a pattern.`, {
    field: 'add',
  })
}

function invalid(field: string, message: string): TidingsError {
  return new TidingsError('invalid_field', message, { field })
}
