import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWK,
  type JWSHeaderParameters,
} from 'jose'
import type { TokenAlgorithm } from '../../config/issuer.ts'
import { BadCredential } from '../bad-credential.ts'

/** Bounds of fetching keys, in milliseconds and bytes. */
export const keySetLimits = Object.freeze({
  /** After an attempt, nothing that a token says causes another one for so long: tokens with made-up keys cost nothing. */
  cooldownMs: 30_000,
  /** A key that the issuer took back is believed for at most so long. */
  maxAgeMs: 600_000,
  /** And while the issuer can't be reached, for so long. */
  maxStaleMs: 3_600_000,
  timeoutMs: 5_000,
  /** Some hundred keys. */
  bytes: 262_144,
})

interface Fetched {
  readonly keys: JSONWebKeySet
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

  constructor(url: string, algorithms: readonly TokenAlgorithm[], now: () => number = Date.now) {
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
    throw new BadCredential('no key of the issuer fits')
  }

  get #age(): number {
    return this.#now() - (this.#fetched?.at ?? Number.NEGATIVE_INFINITY)
  }

  async #find(header: JWSHeaderParameters): Promise<CryptoKey[]> {
    if (this.#fetched === undefined || this.#age > keySetLimits.maxStaleMs) return []
    try {
      return [await createLocalJWKSet(this.#fetched.keys)(header)]
    } catch (error) {
      const keys: CryptoKey[] = []
      if (error instanceof errors.JWKSMultipleMatchingKeys) for await (const key of error) keys.push(key)
      return keys
    }
  }

  async #refresh(): Promise<void> {
    if (this.#fetching === undefined && this.#now() - this.#triedAt < keySetLimits.cooldownMs) return
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined
    })
    await this.#fetching
  }

  /** A failure leaves what is there: it is believed until `maxStaleMs`. */
  async #fetch(): Promise<void> {
    this.#triedAt = this.#now()
    try {
      const response = await fetch(this.#url, {
        // Whoever could make the issuer redirect could choose the keys.
        redirect: 'error',
        signal: AbortSignal.timeout(keySetLimits.timeoutMs),
        headers: { accept: 'application/jwk-set+json, application/json' },
      })
      if (response.status !== 200) throw new Error(`status ${response.status}`)
      const { keys } = JSON.parse(await readBounded(response)) as { keys?: unknown }
      if (!Array.isArray(keys)) throw new Error('no list of keys')
      this.#fetched = { keys: { keys: keys.filter((key) => this.#isFit(key)) }, at: this.#now() }
    } catch {
      // What failed is the issuer's; doctor and the debug log tell that no key fits.
    }
  }

  /** A secret has no business in a public list, and a key for another purpose none in a signature. */
  #isFit(key: unknown): key is JWK {
    if (typeof key !== 'object' || key === null) return false
    const { kty, use, alg } = key as JWK
    if (kty === undefined || kty === 'oct' || (use !== undefined && use !== 'sig')) return false
    return alg === undefined || (this.#algorithms as readonly string[]).includes(alg)
  }
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
