import type { Credential } from '../access.ts'
import type { SigningSecrets } from '../token/own-tokens.ts'

/** What a key grants: topics and patterns for each right. */
export interface KeyGrants {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  /** Topics of users, `user/<id>`, who may be sent notifications. */
  readonly notify: readonly string[]
  /** Topics whose readers may be seen and ended; `**` is the right to run the server. */
  readonly admin: readonly string[]
}

/** An API key, without what is secret about it. Times are milliseconds since the epoch. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly grants: KeyGrants
  readonly createdAt: number
  /** Absent if it never expires. */
  readonly expiresAt?: number | undefined
  readonly revokedAt?: number | undefined
}

/** What a new key is to be. */
export interface NewKey {
  readonly name: string
  readonly grants: KeyGrants
  readonly expiresAt?: number | undefined
}

/** Who something was granted to, as far as it can be taken back. */
export type Revocable = Credential & { readonly user?: string | undefined }

/**
 * Keys, what was revoked, and the secrets that sign. Several processes share one: nodes on one Redis, or a server and
 * the command line beside it. What one changes, the others know within a second. Reading is from memory and goes on
 * while the store is away, with what was known last; writing then throws `storage_unavailable`, or
 * `storage_unanswered` if it may have been done.
 */
export interface CredentialStore {
  readonly secrets: SigningSecrets
  /** Why what is stored could not be read when that was tried last; `undefined` if it could. */
  readonly whyAway: string | undefined
  /** Whether there was ever any key: nobody is let in unasked because the last one was revoked, expired or lost. */
  readonly hasKeys: boolean
  /**
   * Makes a key.
   * @returns it, and the one string that shows it: it is kept nowhere.
   * @throws RangeError if a key that counts has this name.
   */
  createKey(key: NewKey): Promise<{ readonly key: ApiKey; readonly secret: string }>
  /** All keys, the newest first. */
  keys(): readonly ApiKey[]
  /** @returns whether there was such a key that was not revoked before. */
  revokeKey(id: string): Promise<boolean>
  /**
   * The key of the string that shows it; `undefined` if it is unknown, wrong, expired or revoked: all take equally
   * long. One that is unknown may only be new: `lookAgain` tells.
   */
  findKey(shown: string): ApiKey | undefined
  /**
   * Learns of everything that was changed before this call, by whomever.
   * @throws TidingsError `storage_unavailable`
   */
  lookAgain(): Promise<void>
  /**
   * Looks again if the last look is so long ago that a revocation may have been missed: after a standstill, or while
   * the store could not be reached.
   * @returns nothing, if there is no need. It rejects as `lookAgain` does.
   */
  freshen(): Promise<void> | undefined
  /** From now on no token counts that this user was given until now. */
  revokeUser(user: string): Promise<void>
  /** From now on no token of this `jti` counts. */
  revokeToken(tokenId: string): Promise<void>
  /** Quick: it is asked for every request. */
  isRevoked(credential: Revocable): boolean
  /** A new secret signs from now on. What older ones signed counts until it has expired. */
  rotateSecret(): Promise<void>
  /** Calls back after something was revoked or lost, or the first key was made, whoever did it. */
  onRevoked(callback: () => void): void
  close(): Promise<void>
}
