import { isServerTopic, quote, TidingsError, type TopicSet } from '@tidings/protocol'
import { type Access, type Credential, everything, type Reading } from './access.ts'

/** What was granted, each right on topics of its own. */
export interface Grants {
  readonly subscribe: TopicSet
  readonly publish: TopicSet
  /** Topics of users, `user/<id>`, who may be sent notifications. */
  readonly notify: TopicSet
  /** Topics whose readers may be seen and ended; `**` is the right to run the server. */
  readonly admin: TopicSet
}

/** Who something was granted to. */
export interface Grantee {
  readonly caller: string
  readonly user?: string | undefined
  readonly expiresAt?: number | undefined
  readonly credential?: Credential | undefined
}

/** The grant of those who run the server. */
const wholeServer = '**'

/** Makes an access of grants. */
export function createGrantedAccess(
  { caller, user, expiresAt, credential }: Grantee,
  { subscribe, publish, notify, admin }: Grants,
): Access {
  const mayAdministerAll = admin.patterns.includes(wholeServer)
  // A wildcard does not reach the server's own topics; who runs the server may read those too.
  const mayRead = (topic: string) => subscribe.has(topic) || (mayAdministerAll && isServerTopic(topic))
  return Object.freeze({
    caller,
    user,
    expiresAt,
    credential,
    mayRead,
    mayPublish: (topic: string) => publish.has(topic),
    mayNotify: (topic: string) => notify.has(topic) || publish.has(topic),
    mayAdminister: (topic?: string) => mayAdministerAll || (topic !== undefined && admin.has(topic)),
    mayGrant: (right: 'subscribe' | 'publish', pattern: string) =>
      mayAdministerAll || (right === 'subscribe' ? subscribe : publish).covers(pattern),
    reading: (topics: TopicSet) => readingOf(topics, subscribe, mayRead),
  })
}

/**
 * Callers differ in their grants, but mostly not in those that matter to what they want: whoever may read all of it
 * shares one reading with all who may, and others with those whose grants meet it in the same patterns. Without
 * this every user would have fan-out work of their own.
 */
function readingOf(topics: TopicSet, granted: TopicSet, mayRead: (topic: string) => boolean): Reading {
  for (const topic of topics.exact) if (!mayRead(topic)) throw forbidden(topic)
  const partly: string[] = []
  for (const pattern of topics.patterns) {
    if (granted.covers(pattern) || (isServerTopic(pattern) && mayRead(pattern))) continue
    const met = granted.meeting(pattern)
    if (met.length === 0) throw forbidden(pattern)
    partly.push(`${pattern} by ${met.join(' ')}`)
  }
  return partly.length === 0 ? everything : { scope: partly.join(', '), mayRead }
}

function forbidden(topic: string): TidingsError {
  const remedy = 'Ask for topics that your token or key grants.'
  return new TidingsError('forbidden', `You may not read ${quote(topic)}. ${remedy}`, { field: 'topic' })
}
