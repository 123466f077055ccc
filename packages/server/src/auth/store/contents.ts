import type { ApiKey } from './credential-store.ts'

/** A key as it is stored: its secret only as a digest. Whether it is revoked stands among the revocations. */
export interface StoredKey extends Omit<ApiKey, 'revokedAt'> {
  readonly digest: Buffer
}

/** What can be revoked by name: all tokens of a user, one token, or a key. */
export type RevocationKind = 'user' | 'token' | 'key'

/** Something that was taken back. */
export interface Revocation {
  readonly kind: RevocationKind
  /** The user, the `jti` of the token, or the id of the key. */
  readonly name: string
  /** Since when, in milliseconds since the epoch. */
  readonly at: number
}

/** A secret that signs, and since when. */
export interface StoredSecret {
  readonly secret: Uint8Array
  readonly createdAt: number
}

/** Everything that is stored of credentials. */
export interface Contents {
  /** The newest first. */
  readonly keys: readonly StoredKey[]
  readonly revocations: readonly Revocation[]
  /** The newest first. */
  readonly secrets: readonly StoredSecret[]
  /** Whether there was ever a key, also one that is no longer there. */
  readonly hadKeys: boolean
}

/** What a store should hold and does not: it was set back to an earlier state, or emptied. */
export interface Owed {
  readonly revocations: readonly Revocation[]
  readonly hadKeys: boolean
}

/** How a write ended. */
export interface Written {
  /** Whether anything was written. */
  readonly isDone: boolean
  /** Everything, after it. */
  readonly contents: Contents
}

/** Where credentials are kept. Each write is done whole or not at all, whoever else writes at the same time. */
export interface CredentialBacking {
  /** Everything, if anybody has changed anything since something was last read or written here; else `undefined`. */
  readIfChanged(): Promise<Contents | undefined>
  /** Stores a key, unless one that still counts at `now` has its name. */
  addKey(key: StoredKey, now: number): Promise<Written>
  /**
   * Revokes, and forgets revocations of users and tokens from before `forgetBefore`: what they were about has
   * expired. Nothing is done for a key that is not there, or is revoked.
   */
  revoke(revocation: Revocation, forgetBefore: number): Promise<Written>
  /**
   * Adds a secret, and forgets those that were replaced before `forgetBefore`.
   * @param isFirst add none if there is one: another process may have been quicker.
   */
  addSecret(secret: StoredSecret, forgetBefore: number, isFirst: boolean): Promise<Written>
  /** Writes what is owed and not there. */
  restore(owed: Owed): Promise<Written>
  close(): Promise<void>
}
