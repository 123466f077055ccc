import { randomBase36 } from '@tidings/protocol'
import type { AuthLink } from '../../redis/auth-link.ts'
import type {
  Contents,
  CredentialBacking,
  Owed,
  Revocation,
  StoredKey,
  StoredSecret,
  Written,
} from '../contents.ts'
import { type ContentsReply, keyText, readContents, revocationField, secretText } from './contents-reply.ts'
import { scripts } from './scripts.ts'

/** The answer of every script: whether anything was written, and everything. */
type Reply = readonly [isDone: number, ...contents: ContentsReply]

/** Characters of a version: chance never makes the same twice. */
const versionLength = 16

/** Credentials in Redis: all nodes of a log, and the command line, have the same. */
export class RedisCredentials implements CredentialBacking {
  readonly #link: AuthLink
  readonly #keys: readonly string[]
  #seenVersion = 'none was seen'

  constructor(link: AuthLink) {
    this.#link = link
    this.#keys = ['version', 'keys', 'revocations', 'secrets', 'keyed'].map(
      (name) => `${link.prefix}auth:${name}`,
    )
  }

  async readIfChanged(): Promise<Contents | undefined> {
    const reply = await this.#link.read<Reply | null>(scripts.look, this.#keys, [this.#seenVersion])
    return reply === null ? undefined : this.#written(reply).contents
  }

  addKey(key: StoredKey, now: number): Promise<Written> {
    return this.#write('addKey', [key.id, key.name, keyText(key), String(now)])
  }

  revoke({ kind, name, at }: Revocation, forgetBefore: number): Promise<Written> {
    return this.#write('revoke', [kind, name, String(at), String(forgetBefore)])
  }

  addSecret(secret: StoredSecret, forgetBefore: number, isFirst: boolean): Promise<Written> {
    return this.#write('addSecret', [secretText(secret), String(forgetBefore), isFirst ? '1' : '0'])
  }

  restore({ revocations, hadKeys }: Owed): Promise<Written> {
    const lost = revocations.flatMap((one) => [revocationField(one), String(one.at)])
    return this.#write('restore', [hadKeys ? '1' : '0', ...lost])
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  async #write(name: Exclude<keyof typeof scripts, 'look'>, args: readonly string[]): Promise<Written> {
    const newVersion = randomBase36(versionLength)
    return this.#written(await this.#link.write<Reply>(scripts[name], this.#keys, [newVersion, ...args]))
  }

  #written([isDone, ...reply]: Reply): Written {
    this.#seenVersion = reply[0]
    return { isDone: isDone === 1, contents: readContents(reply) }
  }
}
