import type { SigningSecrets } from '../token/own-tokens.ts'
import { type Contents, CredentialFile, type RevocationKind, type StoredKey } from './credential-file.ts'
import type { ApiKey, CredentialStore, NewKey, Revocable } from './credential-store.ts'
import { makeKey, matchKey } from './key-string.ts'

/** How often the file is looked at for what other processes changed, in milliseconds: a revocation counts soon. */
const lookEveryMs = 250

/** How a store is opened. */
export interface CredentialStoreOptions {
  /** After this, every token that a revocation or an old secret was about has expired. */
  readonly tokenMaxLifetimeMs: number
  readonly now?: () => number
}

/** Opens the credentials of a data folder. Nothing is made there before something is written. */
export function openCredentialStore(folder: string, options: CredentialStoreOptions): CredentialStore {
  return new FileCredentialStore(folder, options)
}

class FileCredentialStore implements CredentialStore {
  readonly secrets: SigningSecrets
  readonly #file: CredentialFile
  readonly #maxLifetimeMs: number
  readonly #now: () => number
  readonly #timer: NodeJS.Timeout
  readonly #callbacks: (() => void)[] = []
  #keys: ReadonlyMap<string, StoredKey> = new Map()
  #revoked: Readonly<Record<RevocationKind, ReadonlyMap<string, number>>> = {
    user: new Map(),
    token: new Map(),
  }
  #secrets: Contents['secrets'] = []

  constructor(folder: string, { tokenMaxLifetimeMs, now = Date.now }: CredentialStoreOptions) {
    this.#file = new CredentialFile(folder)
    this.#maxLifetimeMs = tokenMaxLifetimeMs
    this.#now = now
    this.secrets = { current: () => this.#currentSecret(), all: () => this.#validSecrets() }
    this.#look()
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref()
  }

  get hasKeys(): boolean {
    return this.#keys.size > 0
  }

  createKey({ name, grants, expiresAt }: NewKey): { readonly key: ApiKey; readonly secret: string } {
    const { id, shown, digest } = makeKey()
    const key: ApiKey = { id, name, grants, createdAt: this.#now(), expiresAt, revokedAt: undefined }
    this.#file.addKey({ ...key, digest }, (keys) => {
      if (!keys.some((other) => other.name === name && this.#counts(other))) return
      throw new RangeError(
        `there is a key named ${JSON.stringify(name)}; revoke it first, or choose another name`,
      )
    })
    this.#load(this.#file.read())
    return { key, secret: shown }
  }

  keys(): readonly ApiKey[] {
    return [...this.#keys.values()].map(({ digest: _, ...key }) => key)
  }

  revokeKey(id: string): boolean {
    const isRevoked = this.#file.revokeKey(id, this.#now())
    this.#load(this.#file.read())
    return isRevoked
  }

  findKey(shown: string): ApiKey | undefined {
    const digestOf = (id: string) => this.#keys.get(id)?.digest
    const id = matchKey(shown, digestOf) ?? this.#lookAgain(() => matchKey(shown, digestOf))
    const key = id === undefined ? undefined : this.#keys.get(id)
    return key !== undefined && this.#counts(key) ? key : undefined
  }

  revokeUser(user: string): void {
    this.#revoke('user', user)
  }

  revokeToken(tokenId: string): void {
    this.#revoke('token', tokenId)
  }

  isRevoked({ keyId, user, tokenId, issuedAt }: Revocable): boolean {
    if (keyId !== undefined) {
      const key = this.#keys.get(keyId)
      return key === undefined || !this.#counts(key)
    }
    if (tokenId !== undefined && this.#revoked.token.has(tokenId)) return true
    const at = user === undefined ? undefined : this.#revoked.user.get(user)
    // A token that does not say when it was made may be older.
    return at !== undefined && (issuedAt === undefined || issuedAt <= at)
  }

  rotateSecret(): void {
    this.#file.addSecret(this.#now(), this.#now() - this.#maxLifetimeMs, false)
    this.#load(this.#file.read())
  }

  onRevoked(callback: () => void): void {
    this.#callbacks.push(callback)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#file.close()
  }

  #revoke(kind: RevocationKind, name: string): void {
    const now = this.#now()
    this.#file.revoke(kind, name, now, now - this.#maxLifetimeMs)
    this.#load(this.#file.read())
  }

  #counts({ expiresAt, revokedAt }: ApiKey): boolean {
    return revokedAt === undefined && (expiresAt === undefined || expiresAt > this.#now())
  }

  #currentSecret(): Uint8Array {
    if (this.#secrets.length === 0) {
      this.#file.addSecret(this.#now(), 0, true)
      this.#load(this.#file.read())
    }
    return this.#secrets[0]!.secret
  }

  /** A secret is believed as long as something lives that it signed: until the next one is that old. */
  #validSecrets(): readonly Uint8Array[] {
    // The first secret may just have been made by the command line, whose token is here already.
    this.#look()
    const oldest = this.#now() - this.#maxLifetimeMs
    const valid = this.#secrets.filter(
      (_, index) => index === 0 || this.#secrets[index - 1]!.createdAt > oldest,
    )
    return valid.map(({ secret }) => secret)
  }

  /** A key that was made a moment ago is used at once by a script: what is not known may only be new. */
  #lookAgain<Found>(find: () => Found | undefined): Found | undefined {
    this.#look()
    return find()
  }

  #look(): void {
    const contents = this.#file.readIfChanged()
    if (contents !== undefined) this.#load(contents)
  }

  #load({ keys, revocations, secrets }: Contents): void {
    const before = this.#marks()
    this.#keys = new Map(keys.map((key) => [key.id, key]))
    const of = (kind: RevocationKind) =>
      new Map(revocations.filter((one) => one.kind === kind).map(({ name, at }) => [name, at]))
    this.#revoked = { user: of('user'), token: of('token') }
    this.#secrets = secrets
    if ([...this.#marks()].some((mark) => !before.has(mark)))
      for (const callback of this.#callbacks) callback()
  }

  /** One line for each thing that is revoked, and one for the end of the time without keys. */
  #marks(): ReadonlySet<string> {
    const keys = [...this.#keys.values()].filter(({ revokedAt }) => revokedAt !== undefined)
    return new Set([
      ...(this.hasKeys ? ['keys'] : []),
      ...keys.map(({ id }) => `key ${id}`),
      ...[...this.#revoked.user].map(([user, at]) => `user ${user} ${at}`),
      ...[...this.#revoked.token.keys()].map((token) => `token ${token}`),
    ])
  }
}
