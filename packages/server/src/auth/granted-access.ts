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
export function createGrantedAccess(grantee: Grantee, grants: Grants): Access {
  return new GrantedAccess(grantee, grants)
}

/** A class, as every open stream keeps one: functions of its own would be most of what a stream with a token costs. */
class GrantedAccess implements Access {
  readonly caller: string
  readonly user: string | undefined
  readonly expiresAt: number | undefined
  readonly credential: Credential | undefined
  readonly #grants: Grants

  constructor({ caller, user, expiresAt, credential }: Grantee, grants: Grants) {
    this.caller = caller
    this.user = user
    this.expiresAt = expiresAt
    this.credential = credential
    this.#grants = grants
  }

  mayRead(topic: string): boolean {
    // A wildcard does not reach the server's own topics; who runs the server may read those too.
    return this.#grants.subscribe.has(topic) || (isServerTopic(topic) && this.mayAdminister())
  }

  mayPublish(topic: string): boolean {
    return this.#grants.publish.has(topic)
  }

  mayNotify(topic: string): boolean {
    return this.#grants.notify.has(topic) || this.mayPublish(topic)
  }

  mayAdminister(topic?: string): boolean {
    const { admin } = this.#grants
    return admin.patterns.includes(wholeServer) || (topic !== undefined && admin.has(topic))
  }

  mayGrant(right: 'subscribe' | 'publish', pattern: string): boolean {
    return this.mayAdminister() || this.#grants[right].covers(pattern)
  }

  reading(topics: TopicSet): Reading {
    return readingOf(topics, this.#grants.subscribe, this)
  }
}

/**
 * Callers differ in their grants, but mostly not in those that matter to what they want: whoever may read all of it
 * shares one reading with all who may, and others with those whose grants meet it in the same patterns. Without
 * this every user would have fan-out work of their own.
 */
function readingOf(topics: TopicSet, granted: TopicSet, access: Access): Reading {
  for (const topic of topics.exact) if (!access.mayRead(topic)) throw forbidden(topic)
  const partly: string[] = []
  for (const pattern of topics.patterns) {
    // Never `mayRead` of a pattern: its "**" would pass for the one segment that a granted "*" stands for.
    if (granted.covers(pattern) || (isServerTopic(pattern) && access.mayAdminister())) continue
    const met = granted.meeting(pattern)
    if (met.length === 0) throw forbidden(pattern)
    partly.push(`${pattern} by ${met.join(' ')}`)
  }
  if (partly.length === 0) return everything
  return { scope: partly.join(', '), mayRead: (topic) => access.mayRead(topic) }
}

function forbidden(topic: string): TidingsError {
  const remedy = 'Ask for topics that your token or key grants.'
  return new TidingsError('forbidden', `You may not read ${quote(topic)}. ${remedy}`, { field: 'topic' })
}
