import type { IncomingHttpHeaders } from 'node:http'
import { type Access, openAccess } from './access.ts'

/** What a policy looks at. */
export interface Credentials {
  readonly headers: IncomingHttpHeaders
  /** Path and query. */
  readonly url: string
  /** In upper case; `GET`, if absent. */
  readonly method?: string | undefined
}

/** Decides who a request comes from. */
export interface Policy {
  /** @throws TidingsError `unauthorized` if the credentials are missing or bad; bad ones never count as none. */
  admit(credentials: Credentials): Access | Promise<Access>
  /** Calls back when rights were taken back, with a way to tell who has lost theirs. */
  onRevoked?(callback: (hasLost: (access: Access) => boolean) => void): void
  /**
   * Makes sure that no revocation of more than a moment ago is unknown here.
   * @returns nothing, if there is no need. It rejects if that cannot be found out now.
   */
  freshen?(): Promise<void> | undefined
  /** Lets go of what it holds open. */
  close?(): void | Promise<void>
}

/** The policy of a server without authentication. */
export const openPolicy: Policy = Object.freeze({ admit: () => openAccess })
