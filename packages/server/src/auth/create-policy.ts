import { broadcastTopic, TidingsError, TopicSet, userTopic } from '@tidings/protocol'
import type { Settings } from '../config/settings.ts'
import type { StoreNotice } from '../log/event-log.ts'
import type { Access } from './access.ts'
import { openAuthenticator } from './authenticator.ts'
import { createGrantedAccess } from './granted-access.ts'
import type { Credentials, Policy } from './policy.ts'

/** The settings that say who may what: the same as those of the server. */
export type AuthSettings = Partial<
  Pick<
    Settings,
    | 'dev'
    | 'data'
    | 'jwtIssuer'
    | 'jwtAudience'
    | 'jwtAlgorithms'
    | 'jwtSecret'
    | 'jwtKeyFile'
    | 'jwksUrl'
    | 'issuers'
    | 'clockSkewMs'
    | 'tokenMaxLifetimeMs'
  >
>

/** What a function of an app's own says about the sender of a request. */
export interface Identity {
  readonly user: string
  /** Patterns that the user may read, beside `user/<user>` and `broadcast`. */
  readonly subscribe?: readonly string[] | undefined
  /** Patterns that the user may publish to; none, if absent. */
  readonly publish?: readonly string[] | undefined
  /** When this ends, in milliseconds since the epoch, or a Date; never, if absent. */
  readonly expiresAt?: number | Date | undefined
}

/** Says who sent a request; `null` and `undefined` refuse it. */
export type AuthFunction = (request: Credentials) => Answer | Promise<Answer>

type Answer = Identity | null | undefined

/**
 * Makes the policy of an app.
 * @param onNotice told that Redis is waited for, or had lost revocations that are known here.
 * @throws ConfigError if the settings are wrong.
 */
export async function createPolicy(
  auth: AuthSettings | AuthFunction,
  settings: Settings,
  onNotice?: (notice: StoreNotice) => void,
): Promise<Policy> {
  if (typeof auth !== 'function') {
    // Whether an app is reached from its own machine alone, the library cannot know: whoever names `auth` means it.
    return openAuthenticator(settings.dev === 'auto' ? { ...settings, dev: 'off' } : settings, { onNotice })
  }
  return {
    async admit(credentials) {
      const identity = await auth(credentials)
      const access = identity ? accessOf(identity) : undefined
      if (access !== undefined && (access.expiresAt ?? Infinity) > Date.now()) return access
      throw new TidingsError('unauthorized', 'Sign in, and try again.')
    },
  }
}

const none = new TopicSet([])

function accessOf({ user, subscribe = [], publish = [], expiresAt }: Identity): Access {
  const end = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt
  // A time that is none would never come: the stream would live for ever.
  if (end !== undefined && !Number.isFinite(end)) {
    throw new TypeError('expiresAt must be a Date, or milliseconds since the epoch.')
  }
  return createGrantedAccess(
    { caller: `user ${user}`, user, expiresAt: end },
    {
      subscribe: new TopicSet([userTopic(user), broadcastTopic, ...subscribe]),
      publish: new TopicSet(publish),
      notify: none,
      admin: none,
    },
  )
}
