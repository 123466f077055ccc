import type { Access } from './policy.ts'

/** What one caller may do; whatever is left out, it may not. */
export interface AccessOptions {
  /** Who it is, for logs and limits. */
  readonly caller: string
  /** Asked for every event on its way to this caller: be quick, and take back a right by answering `false`. */
  readonly mayRead?: ((topic: string) => boolean) | undefined
  readonly mayPublish?: ((topic: string) => boolean) | undefined
  readonly mayAdminister?: boolean | undefined
  /**
   * A name for what may be read, e.g. a role: streams of one scope and equal topics share one decision, which
   * makes many of them cheap. Give the same only to callers who may read exactly the same topics, now and later.
   * If absent, this access shares with none.
   */
  readonly scope?: string | undefined
}

let made = 0

/** Makes the rights of one caller, to be passed as `access` to `stream`, `respond`, `publish` and `history`. */
export function createAccess(options: AccessOptions): Access {
  const { caller, scope, mayAdminister = false } = options
  const { mayRead = () => false, mayPublish = () => false } = options
  const shared = scope === undefined ? `own ${++made}` : `given ${scope}`
  return Object.freeze({ caller, scope: shared, mayAdminister, mayRead, mayPublish })
}
