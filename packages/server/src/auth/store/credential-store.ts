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
 * Keys, what was revoked, and the secrets that sign. Several processes share one: a server, and the command line
 * beside it. What one changes, the others know within a second.
 */
export interface CredentialStore {
  readonly secrets: SigningSecrets
  /** Whether there is any key, also one that is revoked or expired: nobody is let in unasked when the last one goes. */
  readonly hasKeys: boolean
  /**
   * Makes a key.
   * @returns it, and the one string that shows it: it is kept nowhere.
   * @throws RangeError if a key that counts has this name.
   */
  createKey(key: NewKey): { readonly key: ApiKey; readonly secret: string }
  /** All keys, the newest first. */
  keys(): readonly ApiKey[]
  /** @returns whether there was such a key that was not revoked before. */
  revokeKey(id: string): boolean
  /** The key of the string that shows it; `undefined` if it is unknown, wrong, expired or revoked: all take equally long. */
  findKey(shown: string): ApiKey | undefined
  /** From now on no token counts that this user was given until now. */
  revokeUser(user: string): void
  /** From now on no token of this `jti` counts. */
  revokeToken(tokenId: string): void
  /** Quick: it is asked for every request. */
  isRevoked(credential: Revocable): boolean
  /** A new secret signs from now on. What older ones signed counts until it has expired. */
  rotateSecret(): void
  /** Calls back after something was revoked, or the first key was made, whoever did it. */
  onRevoked(callback: () => void): void
  close(): void
}
