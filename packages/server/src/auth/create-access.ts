import type { Access, Credential } from './access.ts'

/** What one caller may do; whatever is left out, it may not. */
export interface AccessOptions {
  /** Who it is, for logs and limits. */
  readonly caller: string
  /** The user, if it is one. */
  readonly user?: string | undefined
  /** When it ends, in milliseconds since the epoch; never, if absent. */
  readonly expiresAt?: number | undefined
  /**
   * Asked for every event on its way to this caller: be quick, and take back a right by answering `false`. To throw is to
   * answer `false`, and a warning of the process.
   */
  readonly mayRead?: ((topic: string) => boolean) | undefined
  readonly mayPublish?: ((topic: string) => boolean) | undefined
  readonly mayAdminister?: boolean | undefined
  /**
   * A name for what may be read, e.g. a role: streams of one scope and equal topics share one decision, which
   * makes many of them cheap. Give the same only to callers who may read exactly the same topics, now and later.
   * If absent, this access shares with none.
   */
  readonly scope?: string | undefined
  /** By what it can be taken back. */
  readonly credential?: Credential | undefined
}

let made = 0

/**
 * Makes the rights of one caller, to be passed as `access` to `stream`, `respond`, `publish` and `history`.
 * @throws TypeError if `expiresAt` is no time.
 */
export function createAccess(options: AccessOptions): Access {
  const { caller, user, expiresAt, credential, scope, mayAdminister = false } = options
  const { mayRead = () => false, mayPublish = () => false } = options
  // Such a time would never come: the stream would live for ever.
  if (expiresAt !== undefined && Number.isNaN(Number(expiresAt))) {
    throw new TypeError('expiresAt must be milliseconds since the epoch.')
  }
  const shared = scope === undefined ? `own ${++made}` : `given ${scope}`
  const reading = Object.freeze({ scope: shared, mayRead })
  return Object.freeze({
    caller,
    user,
    expiresAt,
    credential,
    mayRead,
    mayPublish,
    mayNotify: mayPublish,
    mayAdminister: () => mayAdminister,
    mayGrant: () => mayAdminister,
    reading: () => reading,
  })
}
