import { errors, type JWTPayload, jwtVerify } from 'jose'
import { BadCredential } from '../bad-credential.ts'
import { type ClaimRules, readClaims, type VerifiedToken } from './claims.ts'
import { checkForm } from './form.ts'
import type { ResolvedIssuer, VerificationKey } from './issuers.ts'
import { type OwnTokens, ownIssuer } from './own-tokens.ts'

/** Bounds of tokens, of the configuration. */
export interface TokenRules {
  readonly clockSkewMs: number
  readonly tokenMaxLifetimeMs: number
}

/**
 * Judges the tokens of users. Who may have made one, how it may be signed and for whom it must be is what the
 * configuration says; the token's own word is only used to choose among that (RFC 8725, 3.1 and 3.8).
 */
export class TokenVerifier {
  readonly #issuers: readonly ResolvedIssuer[]
  readonly #own: OwnTokens
  readonly #rules: TokenRules
  readonly #now: () => number

  constructor(issuers: readonly ResolvedIssuer[], own: OwnTokens, rules: TokenRules, now = Date.now) {
    this.#issuers = issuers
    this.#own = own
    this.#rules = rules
    this.#now = now
  }

  /** The rules at this moment. */
  get rules(): ClaimRules {
    return { ...this.#rules, now: this.#now() }
  }

  /** @throws BadCredential */
  async verify(token: string): Promise<VerifiedToken> {
    const claimed = checkForm(token)
    if (claimed === ownIssuer) return this.#own.verify('user', token, this.rules)
    const issuers = this.#issuers.filter(({ issuer }) => issuer === claimed)
    if (issuers.length === 0) throw new BadCredential('iss is not configured')
    let reason: unknown
    // More than one while a secret is being exchanged.
    for (const issuer of issuers) {
      try {
        return readClaims(await verifyWith(issuer, token, this.#now()), this.rules)
      } catch (error) {
        reason ??= error
      }
    }
    throw reason instanceof BadCredential ? reason : new BadCredential(String(reason), { cause: reason })
  }
}

async function verifyWith(issuer: ResolvedIssuer, token: string, now: number): Promise<JWTPayload> {
  const header = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8'))
  // Before any key is looked for: an algorithm that is not pinned is not worth a fetch.
  if (!(issuer.algorithms as readonly unknown[]).includes(header.alg))
    throw new BadCredential('alg is not allowed')
  const payload = await tryKeys(issuer, token, await issuer.keysFor(header), now)
  if (payload !== undefined) return payload
  // A new key without a name is not known to be new, except by this.
  if (header.kid === undefined && (await issuer.renewKeys?.())) {
    const renewed = await tryKeys(issuer, token, await issuer.keysFor(header), now)
    if (renewed !== undefined) return renewed
  }
  throw new BadCredential('the signature is wrong')
}

async function tryKeys(
  issuer: ResolvedIssuer,
  token: string,
  keys: readonly VerificationKey[],
  now: number,
): Promise<JWTPayload | undefined> {
  for (const key of keys) {
    const payload = await tryKey(issuer, token, key, now)
    if (payload !== undefined) return payload
  }
  return undefined
}

async function tryKey(
  { issuer, audience, algorithms }: ResolvedIssuer,
  token: string,
  key: VerificationKey,
  now: number,
): Promise<JWTPayload | undefined> {
  try {
    const options = { issuer, audience, algorithms: [...algorithms] }
    // Times are judged in readClaims, by one rule for all.
    const time = { clockTolerance: Number.MAX_SAFE_INTEGER, currentDate: new Date(now) }
    return (await jwtVerify(token, key, { ...options, ...time })).payload
  } catch (error) {
    // A TypeError: the key is no good, e.g. too short. The next one may be.
    if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof TypeError) return undefined
    throw new BadCredential((error as Error).message, { cause: error })
  }
}
