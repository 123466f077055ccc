import type { TopicSet } from '@tidings/protocol'

/** How a caller proved who they are, so that it can be taken back. */
export interface Credential {
  /** The id of an API key. */
  readonly keyId?: string | undefined
  /** The `jti` of a token. */
  readonly tokenId?: string | undefined
  /** The `iss` of a token. */
  readonly issuer?: string | undefined
  /** When a token was made, in milliseconds since the epoch. */
  readonly issuedAt?: number | undefined
}

/** What of some wanted topics a caller may read. */
export interface Reading {
  /** Equal for two readings of the same topics exactly if `mayRead` answers them the same: their streams share work. */
  readonly scope: string
  mayRead(topic: string): boolean
}

/**
 * What one caller may do. Decided once for each request, and asked for each topic on every road an event can
 * take: live, replay, history page and publish alike.
 */
export interface Access {
  /** Who it is, for logs and limits: `anonymous`, `user alice`, `key 3k9x…`. */
  readonly caller: string
  /** The user, if it is one. */
  readonly user: string | undefined
  /** When it ends, in milliseconds since the epoch; absent if never. A stream ends within a second of it. */
  readonly expiresAt: number | undefined
  readonly credential: Credential | undefined
  mayRead(topic: string): boolean
  mayPublish(topic: string): boolean
  /** Whether this caller may send notifications to the user of this topic, `user/<id>`. */
  mayNotify(topic: string): boolean
  /**
   * Whether this caller may see and end what others do with a topic, and make tokens for the user of one; without
   * a topic, whether they may run the whole server.
   */
  mayAdminister(topic?: string): boolean
  /** Whether this caller may hand the right to read, or to publish to, all topics of a pattern on to a user. */
  mayGrant(right: 'subscribe' | 'publish', pattern: string): boolean
  /**
   * What of these topics this caller may read.
   * @throws TidingsError `forbidden` if nothing of one of them could ever be.
   */
  reading(topics: TopicSet): Reading
}

/** Everybody may everything: what a server that is reached from its own machine alone can afford. */
export const openAccess: Access = Object.freeze({
  caller: 'anonymous',
  user: undefined,
  expiresAt: undefined,
  credential: undefined,
  mayRead: () => true,
  mayPublish: () => true,
  mayNotify: () => true,
  mayAdminister: () => true,
  mayGrant: () => true,
  reading: () => everything,
})

/** The reading of whoever may read all that they want. */
export const everything: Reading = Object.freeze({ scope: 'all', mayRead: () => true })
