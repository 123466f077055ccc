import { createHmac } from 'node:crypto'
import { randomBase36, TidingsError } from '@tidings/protocol'
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { BadCredential } from '../bad-credential.ts'
import { type ClaimRules, readClaims, type VerifiedToken } from './claims.ts'
import { checkForm, maxTokenLength } from './form.ts'

/** The issuer of tokens that this server makes. No configured one may bear its name. */
export const ownIssuer = 'tidings'

/**
 * What a token of ours is for: `user` is shown by its user, `session` is a cookie of a browser, `stream` one that
 * opens streams alone. Each has an audience of its own, so that none passes for another.
 */
export type TokenUse = 'user' | 'session' | 'stream'

const audiences: Readonly<Record<TokenUse, string>> = Object.freeze({
  user: ownIssuer,
  session: `${ownIssuer}:session`,
  stream: `${ownIssuer}:stream`,
})

/** Characters that a token may have where it is kept: browsers drop a cookie of over 4,096 without a word. */
const maxLengths: Readonly<Record<TokenUse, number>> = Object.freeze({
  user: maxTokenLength,
  session: 3_800,
  stream: 3_800,
})

const algorithm = 'HS256'

/** The secrets by which this server signs. */
export interface SigningSecrets {
  /** The one that signs; made, if there is none, which takes a moment. */
  current(): Uint8Array | Promise<Uint8Array>
  /** All that are still believed, the current one first; none, if nothing was ever signed. */
  all(): readonly Uint8Array[]
  /**
   * Learns of secrets that others have made before this call.
   * @throws TidingsError `storage_unavailable`
   */
  lookAgain(): Promise<void>
}

/** Tokens that this server makes and believes. */
export class OwnTokens {
  readonly #secrets: SigningSecrets

  constructor(secrets: SigningSecrets) {
    this.#secrets = secrets
  }

  /**
   * Makes a token. One for a session or a stream keeps the id, the issuer and the time of the token that it was
   * made for, and so ends with it.
   * @throws TidingsError `invalid_field` if it has so many grants that it could not be shown.
   */
  async mint(
    use: TokenUse,
    claims: Omit<VerifiedToken, 'issuer'> & { readonly issuer?: string },
  ): Promise<string> {
    const {
      subject,
      tokenId = randomBase36(16),
      issuedAt = Date.now(),
      expiresAt,
      subscribe,
      publish,
    } = claims
    const payload: JWTPayload = { jti: tokenId, tidings: { subscribe, publish } }
    if (use !== 'user') payload.from = claims.issuer ?? ownIssuer
    // With the fraction of a second, so that a token made just after its user was revoked is one of those after.
    const token = await new SignJWT({ ...payload, iat: issuedAt / 1_000, exp: expiresAt / 1_000 })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setIssuer(ownIssuer)
      .setAudience(audiences[use])
      .setSubject(subject)
      .sign(await this.#secrets.current())
    if (token.length <= maxLengths[use]) return token
    throw tooLong(use)
  }

  /** @throws BadCredential, or TidingsError `storage_unavailable` if who signed it can't be found out. */
  async verify(use: TokenUse, token: string, rules: ClaimRules): Promise<VerifiedToken> {
    checkForm(token)
    const { from, ...claims } = await this.#claimsOf(use, token, rules.now)
    const verified = readClaims(claims, rules)
    return use === 'user' ? verified : { ...verified, issuer: typeof from === 'string' ? from : ownIssuer }
  }

  /** A name for a user in the names of cookies, which tells nobody who it is. */
  async tagOf(user: string): Promise<string> {
    return tagBy(await this.#secrets.current(), user)
  }

  /** Whether a tag is this user's, by any secret that still counts: a stream outlives the exchange of one. */
  isTagOf(tag: string, user: string): boolean {
    return this.#secrets.all().some((secret) => tagBy(secret, user) === tag)
  }

  async #claimsOf(use: TokenUse, token: string, now: number): Promise<JWTPayload> {
    const known = this.#secrets.all()
    const claims = await this.#tryAll(use, token, known, now)
    if (claims !== undefined) return claims
    // The secret may just have been made elsewhere, by the command line or on another node, whose token is here already.
    await this.#secrets.lookAgain()
    const fresh = this.#secrets.all().filter((secret) => !known.includes(secret))
    const claimsByFresh = await this.#tryAll(use, token, fresh, now)
    if (claimsByFresh !== undefined) return claimsByFresh
    throw new BadCredential('not signed by this server')
  }

  async #tryAll(
    use: TokenUse,
    token: string,
    secrets: readonly Uint8Array[],
    now: number,
  ): Promise<JWTPayload | undefined> {
    for (const secret of secrets) {
      const claims = await this.#tryOne(use, token, secret, now)
      if (claims !== undefined) return claims
    }
    return undefined
  }

  async #tryOne(
    use: TokenUse,
    token: string,
    secret: Uint8Array,
    now: number,
  ): Promise<JWTPayload | undefined> {
    try {
      const { payload } = await jwtVerify(token, secret, {
        algorithms: [algorithm],
        issuer: ownIssuer,
        audience: audiences[use],
        typ: 'JWT',
        // The times are judged by the same rules as everybody's, in readClaims.
        clockTolerance: Number.MAX_SAFE_INTEGER,
        currentDate: new Date(now),
      })
      return payload
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) return undefined
      throw new BadCredential((error as Error).message, { cause: error })
    }
  }
}

/** No token is signed like that: what is signed there has no white space. */
function tagBy(secret: Uint8Array, user: string): string {
  const digest = createHmac('sha256', secret).update(`tag ${user}`).digest()
  return digest.readBigUInt64BE().toString(36).padStart(13, '0').slice(-8)
}

function tooLong(use: TokenUse): TidingsError {
  const message =
    use === 'user'
      ? 'The grants are too long for a token; grant fewer or shorter patterns.'
      : "The grants are too long for a browser's cookie; send the token in the header, or grant fewer patterns."
  return new TidingsError('invalid_field', message)
}
