import { randomBytes } from 'node:crypto'
import type { StoreNotice } from '../../log/event-log.ts'
import { isUnavailable } from '../../log/refusals.ts'
import type { SigningSecrets } from '../token/own-tokens.ts'
import type { Contents, CredentialBacking, Owed, RevocationKind, Written } from './contents.ts'
import type { ApiKey, CredentialStore, NewKey, Revocable } from './credential-store.ts'
import { makeKey } from './key-string.ts'
import { KnownCredentials } from './known-credentials.ts'

/** How often it is looked for what other processes changed, in milliseconds: a revocation counts soon. */
const lookEveryMs = 250

/** What is known longer than this may be out of date, in milliseconds: some looks have failed, or did not take place. */
const staleMs = 2 * lookEveryMs

/** Bytes of a secret that signs. */
const secretBytes = 32

/** How a store is opened. */
export interface CredentialStoreOptions {
  /** After this, every token that a revocation or an old secret was about has expired. */
  readonly tokenMaxLifetimeMs: number
  /** Told when the store had lost what this process knows, and got it back. */
  readonly onNotice?: ((notice: StoreNotice) => void) | undefined
  readonly now?: (() => number) | undefined
}

/** Credentials that are judged from memory, and kept in a file or in Redis. */
export class BackedCredentialStore implements CredentialStore {
  readonly secrets: SigningSecrets
  readonly #backing: CredentialBacking
  readonly #known: KnownCredentials
  readonly #now: () => number
  readonly #notify: (notice: StoreNotice) => void
  readonly #callbacks: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined
  /** When the last look began that was answered, in milliseconds of `performance.now()`. */
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined
  #nextLook: Promise<void> | undefined
  #owed: Owed | undefined
  #whyAway: string | undefined

  /** @throws what the backing throws if it cannot be read. */
  static async open(
    backing: CredentialBacking,
    options: CredentialStoreOptions,
  ): Promise<BackedCredentialStore> {
    const store = new BackedCredentialStore(backing, options)
    try {
      await store.lookAgain()
    } catch (error) {
      await backing.close()
      throw error
    }
    store.#timer = setInterval(() => store.#lookByTheWay(), lookEveryMs).unref()
    return store
  }

  private constructor(backing: CredentialBacking, options: CredentialStoreOptions) {
    const { tokenMaxLifetimeMs, onNotice = () => {}, now = Date.now } = options
    this.#backing = backing
    this.#now = now
    this.#notify = onNotice
    this.#known = new KnownCredentials(tokenMaxLifetimeMs, now)
    this.secrets = {
      current: () => this.#known.secrets[0] ?? this.#firstSecret(),
      all: () => this.#known.secrets,
      lookAgain: () => this.lookAgain(),
    }
  }

  get whyAway(): string | undefined {
    return this.#whyAway
  }

  get hasKeys(): boolean {
    return this.#known.hadKeys
  }

  async createKey({ name, grants, expiresAt }: NewKey): Promise<{ key: ApiKey; secret: string }> {
    const { id, shown, digest } = makeKey()
    const now = this.#now()
    const key = { id, name, grants, createdAt: now, expiresAt }
    if (await this.#write(this.#backing.addKey({ ...key, digest }, now))) return { key, secret: shown }
    throw new RangeError(
      `there is a key named ${JSON.stringify(name)}; revoke it first, or choose another name`,
    )
  }

  keys(): readonly ApiKey[] {
    return this.#known.keys
  }

  revokeKey(id: string): Promise<boolean> {
    return this.#revoke('key', id)
  }

  findKey(shown: string): ApiKey | undefined {
    return this.#known.findKey(shown)
  }

  /** However many ask at once, there is one look at a time: whoever comes during one waits for the next. */
  lookAgain(): Promise<void> {
    if (this.#looking === undefined) return this.#look()
    this.#nextLook ??= this.#looking
      .catch(() => {})
      .then(() => {
        this.#nextLook = undefined
        return this.#look()
      })
    return this.#nextLook
  }

  freshen(): Promise<void> | undefined {
    return performance.now() - this.#lookedAt < staleMs ? undefined : this.lookAgain()
  }

  async revokeUser(user: string): Promise<void> {
    await this.#revoke('user', user)
  }

  async revokeToken(tokenId: string): Promise<void> {
    await this.#revoke('token', tokenId)
  }

  isRevoked(credential: Revocable): boolean {
    return this.#known.isRevoked(credential)
  }

  async rotateSecret(): Promise<void> {
    await this.#addSecret(false)
  }

  onRevoked(callback: () => void): void {
    this.#callbacks.push(callback)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#backing.close()
  }

  #revoke(kind: RevocationKind, name: string): Promise<boolean> {
    return this.#write(this.#backing.revoke({ kind, name, at: this.#now() }, this.#known.oldest))
  }

  async #firstSecret(): Promise<Uint8Array> {
    await this.#addSecret(true)
    return this.#known.secrets[0]!
  }

  #addSecret(isFirst: boolean): Promise<boolean> {
    const secret = { secret: randomBytes(secretBytes), createdAt: this.#now() }
    return this.#write(this.#backing.addSecret(secret, this.#known.oldest, isFirst))
  }

  async #write(writing: Promise<Written>): Promise<boolean> {
    const { isDone, contents } = await writing
    this.#learn(contents)
    return isDone
  }

  #lookByTheWay(): void {
    if (this.#looking !== undefined) return
    // While the store is away, what is known goes on counting; whoever has to know more is told.
    this.#look().catch(() => {})
  }

  #look(): Promise<void> {
    this.#looking = this.#readNews().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #readNews(): Promise<void> {
    const begun = performance.now()
    const contents = await this.#readIfChanged()
    if (contents !== undefined) this.#learn(contents)
    this.#lookedAt = begun
    const owed = this.#owed
    if (owed === undefined) return
    try {
      if (await this.#write(this.#backing.restore(owed))) this.#notify(restored(owed))
    } catch {
      // It is still owed, and tried again at the next look.
    }
  }

  async #readIfChanged(): Promise<Contents | undefined> {
    try {
      const contents = await this.#backing.readIfChanged()
      this.#whyAway = undefined
      return contents
    } catch (error) {
      if (isUnavailable(error)) this.#whyAway = (error.cause as Error).message
      throw error
    }
  }

  #learn(contents: Contents): void {
    const isLess = this.#known.learn(contents)
    this.#owed = this.#known.owedTo(contents)
    if (isLess) for (const callback of this.#callbacks) callback()
  }
}

function restored({ revocations }: Owed): StoreNotice {
  const lost = `${revocations.length} revocations that it had lost were written again`
  return { level: 'warn', message: `the store of keys was set back to an earlier state; ${lost}` }
}
