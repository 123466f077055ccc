import type { IncomingHttpHeaders } from 'node:http'
import { broadcastTopic, checkPattern, checkType, TidingsError, TopicSet, userTopic } from '@tidings/protocol'
import { refuseQueryCredential } from '../auth/query-credential.ts'

/** What a stream is asked for. */
export interface SubscriptionRequest {
  /** Topics and patterns; at least one. */
  readonly topics: readonly string[]
  /** Only these types; all, if absent. */
  readonly types?: readonly string[] | undefined
  /** On a fresh stream: begin with this many of the newest matching events. */
  readonly last?: number | undefined
  /** Who it is for: for presence and the limit of streams a user. */
  readonly user?: string | undefined
  /** The id that the client saw last. */
  readonly lastEventId?: string | undefined
}

/** A stream can begin with at most this many past events; more belong into pages. */
const maxLast = 1_000

/** The ticket is for whoever decides who the client is. */
const parameters = new Set(['topic', 'types', 'userId', 'last', 'lastEventId', 'ticket'])

/**
 * Reads what a stream is asked for from a request (PROTOCOL §5.1).
 * @throws TidingsError `invalid_query`, `invalid_topic`.
 */
export function readSubscription(params: URLSearchParams, headers: IncomingHttpHeaders): SubscriptionRequest {
  for (const name of params.keys()) {
    if (!parameters.has(name)) {
      refuseQueryCredential(name)
      throw invalidQuery(name.slice(0, 64), `is not known; a stream takes ${[...parameters].join(', ')}.`)
    }
  }
  const user = readOne(params, 'userId')
  readOne(params, 'ticket')
  const topics = params.getAll('topic')
  if (user !== undefined) topics.push(userTopic(user), broadcastTopic)
  if (topics.length === 0) topics.push(broadcastTopic)
  return {
    topics,
    types: readOne(params, 'types')?.split(','),
    user,
    last: readLast(readOne(params, 'last')),
    lastEventId: readLastEventId(params, headers),
  }
}

/**
 * Checks a subscription.
 * @throws TidingsError `invalid_topic`, `invalid_field`, `too_many_topics`.
 */
export function checkSubscription(
  request: SubscriptionRequest,
  maxTopics: number,
): { topics: TopicSet; types?: ReadonlySet<string> } {
  checkLast(request.last)
  const topics = new TopicSet(checkList(request.topics, maxTopics))
  return request.types === undefined ? { topics } : { topics, types: new Set(request.types.map(checkType)) }
}

/** The options of a stream in the library: those of `StreamOptions`. */
const optionNames: readonly string[] = [
  'topics',
  'types',
  'last',
  'user',
  'lastEventId',
  'access',
  'address',
] satisfies (keyof SubscriptionRequest | 'access' | 'address')[]

/**
 * Refuses a misspelled option: a `topic` for `topics` would leave the choice to the client, a `permission` for `access`
 * let it read everything.
 * @throws TypeError
 */
export function checkOptions(options: object): void {
  const unknown = Object.keys(options).find((name) => !optionNames.includes(name))
  if (unknown === undefined) return
  throw new TypeError(`"${unknown}" is no option of a stream; there are ${optionNames.join(', ')}.`)
}

/** In the library the list may come from anywhere: one that is missing must never mean "whatever you like". */
function checkList(topics: unknown, maxTopics: number): string[] {
  if (!Array.isArray(topics) || topics.length === 0) {
    throw new TidingsError(
      'invalid_topic',
      'A stream takes a list of at least one topic, e.g. ["orders/*"].',
      {
        field: 'topic',
      },
    )
  }
  if (topics.length <= maxTopics) return topics.map(checkPattern)
  throw new TidingsError(
    'too_many_topics',
    `A stream takes at most ${maxTopics} topics, this one names ${topics.length}; use a pattern, or more streams.`,
    { field: 'topic' },
  )
}

/** @throws TidingsError `invalid_field`. */
export function checkLast(last: number | undefined): void {
  if (last === undefined || (Number.isInteger(last) && last >= 0 && last <= maxLast)) return
  throw new TidingsError('invalid_field', `last must be a whole number from 0 to ${maxLast}.`, {
    field: 'last',
  })
}

/** §5.1: the header wins, for it is what the browser itself says after a cut. */
function readLastEventId(params: URLSearchParams, headers: IncomingHttpHeaders): string | undefined {
  const header = headers['last-event-id']
  const parameter = readOne(params, 'lastEventId')
  return (Array.isArray(header) ? header.join(', ') : header) || parameter || undefined
}

/** §5.1: which of two would count is nothing that anybody should have to know. */
function readOne(params: URLSearchParams, name: string): string | undefined {
  const values = params.getAll(name)
  if (values.length > 1) throw invalidQuery(name, 'may be given once.')
  return values[0]
}

function readLast(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const last = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  if (last <= maxLast) return last
  throw invalidQuery(
    'last',
    `must be a number from 0 to ${maxLast}; GET /api/events has older events in pages.`,
  )
}

function invalidQuery(name: string, why: string): TidingsError {
  return new TidingsError('invalid_query', `The parameter "${name}" ${why}`, { field: name })
}
