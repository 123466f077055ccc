import type { Contents, Revocation, RevocationKind, StoredKey, StoredSecret } from '../contents.ts'

/** A hash of Redis, as it answers: names and values in turn. */
type FlatHash = readonly string[]

/** Everything, as the scripts answer it; lua/credentials.lua says what is in it. */
export type ContentsReply = readonly [
  version: string,
  keys: FlatHash,
  revocations: FlatHash,
  secrets: FlatHash,
  wasKeyed: number,
]

export function readContents([, keys, revocations, secrets, wasKeyed]: ContentsReply): Contents {
  return {
    keys: pairs(keys).map(readKey).sort(byAge),
    revocations: pairs(revocations).map(readRevocation),
    secrets: pairs(secrets)
      .sort(([one], [other]) => Number(other) - Number(one))
      .map(([, text]) => readSecret(text)),
    hadKeys: wasKeyed === 1 || keys.length > 0,
  }
}

/** A key as it is stored under its id. */
export function keyText({ id: _, digest, ...key }: StoredKey): string {
  return JSON.stringify({ ...key, digest: digest.toString('hex') })
}

/** Under what a revocation is stored. */
export function revocationField({ kind, name }: Revocation): string {
  return `${kind} ${name}`
}

/** A secret as it is stored. */
export function secretText({ secret, createdAt }: StoredSecret): string {
  return JSON.stringify({ secret: Buffer.from(secret).toString('base64url'), createdAt })
}

function readKey([id, text]: readonly [string, string]): StoredKey {
  const { digest, ...key } = JSON.parse(text) as Omit<StoredKey, 'id' | 'digest'> & { digest: string }
  return { id, ...key, digest: Buffer.from(digest, 'hex') }
}

function readRevocation([field, at]: readonly [string, string]): Revocation {
  const space = field.indexOf(' ')
  return { kind: field.slice(0, space) as RevocationKind, name: field.slice(space + 1), at: Number(at) }
}

function readSecret(text: string): StoredSecret {
  const { secret, createdAt } = JSON.parse(text) as { secret: string; createdAt: number }
  return { secret: Buffer.from(secret, 'base64url'), createdAt }
}

function byAge(one: StoredKey, other: StoredKey): number {
  return other.createdAt - one.createdAt || (one.id < other.id ? -1 : 1)
}

function pairs(flat: FlatHash): (readonly [string, string])[] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index]!, flat[2 * index + 1]!])
}
