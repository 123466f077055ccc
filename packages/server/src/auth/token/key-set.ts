import { type CryptoKey, createLocalJWKSet, errors, type JWK, type JWSHeaderParameters } from 'jose'
import type { TokenAlgorithm } from '../../config/issuer.ts'
import { BadCredential } from '../bad-credential.ts'

/** Bounds of fetching keys, in milliseconds and bytes. */
export const keySetLimits = Object.freeze({
  /** After an attempt, nothing that a token says causes another one for so long: tokens with made-up keys cost nothing. */
  cooldownMs: 30_000,
  /** The same while there is no key to believe: until there is, no user of the issuer can come in. */
  retryMs: 5_000,
  /** A key that the issuer took back is believed for at most so long. */
  maxAgeMs: 600_000,
  /** And while the issuer can't be reached, for so long. */
  maxStaleMs: 3_600_000,
  timeoutMs: 5_000,
  /** Some hundred keys. */
  bytes: 262_144,
  /** Keys that are tried for one token, if it does not name one: more than any issuer has in use at once. */
  tries: 16,
})

interface Fetched {
  /** Kept, as it holds the keys it has imported: that costs more than to verify a signature. */
  readonly choose: ReturnType<typeof createLocalJWKSet>
  readonly at: number
}

/**
 * The keys that one issuer publishes. Each issuer has its own: the same `kid` of two issuers is two keys.
 * Fetched when first needed, by one request at a time, from the URL of the configuration and no other.
 */
export class KeySet {
  readonly #url: string
  readonly #algorithms: readonly TokenAlgorithm[]
  readonly #now: () => number
  #fetched: Fetched | undefined
  #triedAt = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | undefined
  /** Why the last attempt failed, for the log. */
  #failure = ''

  /** @param now in milliseconds; the default is a clock that nobody can set back, which would make keys stay. */
  constructor(url: string, algorithms: readonly TokenAlgorithm[], now = () => performance.now()) {
    this.#url = url
    this.#algorithms = algorithms
    this.#now = now
  }

  /**
   * The keys that a token with this header may be signed by.
   * @throws BadCredential if there is none.
   */
  async keysFor(header: JWSHeaderParameters): Promise<CryptoKey[]> {
    if (this.#age > keySetLimits.maxAgeMs) await this.#refresh()
    const known = await this.#find(header)
    if (known.length > 0) return known
    // Perhaps a new key; and perhaps nonsense, for which nobody fetches twice.
    await this.#refresh()
    const found = await this.#find(header)
    if (found.length > 0) return found
    throw new BadCredential(`no key of the issuer fits${this.#failure}`)
  }

  /**
   * Fetches the keys anew, unless that was done a short while ago.
   * @returns whether it was done.
   */
  renew(): Promise<boolean> {
    return this.#refresh()
  }

  get #age(): number {
    return this.#now() - (this.#fetched?.at ?? Number.NEGATIVE_INFINITY)
  }

  async #find(header: JWSHeaderParameters): Promise<CryptoKey[]> {
    if (this.#fetched === undefined || !this.#isBelieved) return []
    try {
      return [await this.#fetched.choose(header)]
    } catch (error) {
      return error instanceof errors.JWKSMultipleMatchingKeys ? firstOf(error) : []
    }
  }

  get #isBelieved(): boolean {
    return this.#age <= keySetLimits.maxStaleMs
  }

  async #refresh(): Promise<boolean> {
    const { cooldownMs, retryMs } = keySetLimits
    const pause = this.#isBelieved ? cooldownMs : retryMs
    if (this.#fetching === undefined && this.#now() - this.#triedAt < pause) return false
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined
    })
    await this.#fetching
    return true
  }

  /** A failure leaves what is there: it is believed until `maxStaleMs`. */
  async #fetch(): Promise<void> {
    // Keys are as old as the question: what is taken back while the answer is on its way is not new.
    const at = this.#now()
    try {
      const response = await fetch(this.#url, {
        // Whoever could make the issuer redirect could choose the keys.
        redirect: 'error',
        signal: AbortSignal.timeout(keySetLimits.timeoutMs),
        headers: { accept: 'application/jwk-set+json, application/json' },
      })
      if (response.status !== 200) {
        await response.body?.cancel()
        throw new Error(`status ${response.status}`)
      }
      const { keys } = JSON.parse(await readBounded(response)) as { keys?: unknown }
      if (!Array.isArray(keys)) throw new Error('no list of keys')
      this.#fetched = { choose: createLocalJWKSet({ keys: keys.filter((key) => this.#isFit(key)) }), at }
      this.#failure = ''
    } catch (error) {
      this.#failure = `; they could not be fetched: ${whyOf(error as Error)}`
    }
    // From the end, so that a time-out does not use up the pause after it.
    this.#triedAt = this.#now()
  }

  /** A secret has no business in a public list, and a key for another purpose none in a signature. */
  #isFit(key: unknown): key is JWK {
    if (typeof key !== 'object' || key === null) return false
    const { kty, use, alg } = key as JWK
    if (kty === undefined || kty === 'oct' || (use !== undefined && use !== 'sig')) return false
    return alg === undefined || (this.#algorithms as readonly string[]).includes(alg)
  }
}

/** `fetch` says "fetch failed" to everything, and why beneath it. */
function whyOf({ message, cause }: Error): string {
  return cause instanceof Error ? cause.message : message
}

async function firstOf(keys: AsyncIterable<CryptoKey>): Promise<CryptoKey[]> {
  const first: CryptoKey[] = []
  for await (const key of keys) {
    first.push(key)
    if (first.length === keySetLimits.tries) break
  }
  return first
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > keySetLimits.bytes) throw new Error('too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
