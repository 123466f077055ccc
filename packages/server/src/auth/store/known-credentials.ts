import type { Contents, Owed, Revocation, RevocationKind, StoredKey, StoredSecret } from './contents.ts'
import type { ApiKey, Revocable } from './credential-store.ts'
import { matchKey } from './key-string.ts'

type Revoked = Readonly<Record<RevocationKind, Map<string, number>>>

/**
 * What a process knows of the credentials that are stored, and judges by. A revocation that it knows stays known: a
 * store that was set back to an earlier state does not let anybody in again.
 */
export class KnownCredentials {
  readonly #maxLifetimeMs: number
  readonly #now: () => number
  #keys: ReadonlyMap<string, StoredKey> = new Map()
  #revoked: Revoked = noneRevoked()
  #secrets: readonly StoredSecret[] = []
  #hadKeys = false

  constructor(maxLifetimeMs: number, now: () => number) {
    this.#maxLifetimeMs = maxLifetimeMs
    this.#now = now
  }

  get hadKeys(): boolean {
    return this.#hadKeys
  }

  /** Tokens that were made before this have expired. */
  get oldest(): number {
    return this.#now() - this.#maxLifetimeMs
  }

  get keys(): readonly ApiKey[] {
    return [...this.#keys.values()].map(({ digest: _, ...key }) => ({
      ...key,
      revokedAt: this.#revoked.key.get(key.id),
    }))
  }

  /** The secrets that are believed: each as long as something lives that it signed, until the next one is that old. */
  get secrets(): readonly Uint8Array[] {
    const { oldest } = this
    const valid = this.#secrets.filter(
      (_, index) => index === 0 || this.#secrets[index - 1]!.createdAt > oldest,
    )
    return valid.map(({ secret }) => secret)
  }

  findKey(shown: string): ApiKey | undefined {
    const id = matchKey(shown, (id) => this.#keys.get(id)?.digest)
    return id !== undefined && this.#counts(id) ? this.#keys.get(id) : undefined
  }

  isRevoked({ keyId, user, tokenId, issuedAt }: Revocable): boolean {
    if (keyId !== undefined) return !this.#counts(keyId)
    if (tokenId !== undefined && this.#revoked.token.has(tokenId)) return true
    const at = user === undefined ? undefined : this.#revoked.user.get(user)
    // A token that does not say when it was made may be older.
    return at !== undefined && (issuedAt === undefined || issuedAt <= at)
  }

  /**
   * Learns what is stored now.
   * @returns whether anybody may have lost a right by it.
   */
  learn({ keys, revocations, secrets, hadKeys }: Contents): boolean {
    const before = { keys: this.#keys, revoked: this.#revoked, hadKeys: this.#hadKeys }
    this.#keys = new Map(keys.map((key) => [key.id, key]))
    this.#secrets = secrets
    this.#hadKeys ||= hadKeys
    this.#revoked = this.#joined(before.revoked, revocations)
    return (
      this.#hadKeys !== before.hadKeys ||
      [...before.keys.keys()].some((id) => !this.#keys.has(id)) ||
      listOf(this.#revoked).some(({ kind, name, at }) => before.revoked[kind].get(name) !== at)
    )
  }

  /** What these contents lack of what is known here; `undefined` if nothing. */
  owedTo({ revocations, hadKeys }: Contents): Owed | undefined {
    const stored = noneRevoked()
    for (const { kind, name, at } of revocations) stored[kind].set(name, at)
    const lost = listOf(this.#revoked).filter(({ kind, name, at }) => (stored[kind].get(name) ?? 0) < at)
    if (lost.length === 0 && hadKeys === this.#hadKeys) return undefined
    return { revocations: lost, hadKeys: this.#hadKeys }
  }

  #counts(id: string): boolean {
    const key = this.#keys.get(id)
    if (key === undefined || this.#revoked.key.has(id)) return false
    return key.expiresAt === undefined || key.expiresAt > this.#now()
  }

  /** What is stored, and what was known and is still about something that has not expired. */
  #joined(known: Revoked, stored: readonly Revocation[]): Revoked {
    const joined = noneRevoked()
    const { oldest } = this
    const still = listOf(known).filter(({ kind, at }) => kind === 'key' || at >= oldest)
    for (const { kind, name, at } of [...still, ...stored]) {
      joined[kind].set(name, Math.max(at, joined[kind].get(name) ?? 0))
    }
    return joined
  }
}

function noneRevoked(): Revoked {
  return { user: new Map(), token: new Map(), key: new Map() }
}

function listOf(revoked: Revoked): readonly Revocation[] {
  return (['user', 'token', 'key'] as const).flatMap((kind) =>
    [...revoked[kind]].map(([name, at]) => ({ kind, name, at })),
  )
}
