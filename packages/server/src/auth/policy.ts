import type { IncomingHttpHeaders } from 'node:http'

/**
 * What one caller may do. Decided once for each request, and asked for each topic on every road an event can
 * take: live, replay, history page and publish alike.
 */
export interface Access {
  /** Who it is, for logs and limits. */
  readonly caller: string
  /** Equal for two callers exactly if they may read the same topics: their streams then share work. */
  readonly scope: string
  /** Whether this caller may run the server: begin a new epoch, see other callers' streams. */
  readonly mayAdminister: boolean
  mayRead(topic: string): boolean
  mayPublish(topic: string): boolean
}

/** What a policy looks at. */
export interface Credentials {
  readonly headers: IncomingHttpHeaders
  /** Path and query. */
  readonly url: string
}

/** Decides who a request comes from. */
export interface Policy {
  /** @throws TidingsError `unauthorized` if the credentials are bad; they never count as none. */
  admit(credentials: Credentials): Promise<Access>
}

/** Everybody may everything: what a server that is reached from its own machine alone can afford. */
export const openAccess: Access = Object.freeze({
  caller: 'anonymous',
  scope: 'all',
  mayAdminister: true,
  mayRead: () => true,
  mayPublish: () => true,
})

/** The policy of a server without authentication. */
export const openPolicy: Policy = Object.freeze({
  admit: async () => openAccess,
})
