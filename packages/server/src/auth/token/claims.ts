import { checkPattern, TidingsError, userTopic } from '@tidings/protocol'
import type { JWTPayload } from 'jose'
import { BadCredential } from '../bad-credential.ts'

/** What a token says, once its signature, issuer and audience are right. */
export interface VerifiedToken {
  readonly issuer: string
  /** The user. */
  readonly subject: string
  /** The `jti`. */
  readonly tokenId?: string | undefined
  /** In milliseconds since the epoch. */
  readonly issuedAt?: number | undefined
  readonly expiresAt: number
  /** Patterns that the user may read beside their own topic and `broadcast`. */
  readonly subscribe: readonly string[]
  readonly publish: readonly string[]
}

/** Bounds of what a token may claim. */
export interface ClaimRules {
  readonly clockSkewMs: number
  readonly tokenMaxLifetimeMs: number
  /** In milliseconds since the epoch. */
  readonly now: number
}

/** Patterns in one token: each is a step for every event that its user is asked about. */
export const maxPatterns = 100

/** Stands in a pattern for the user. */
const user = '{sub}'

/** Characters of a `jti`: it is kept when it is revoked. */
const maxTokenId = 256

/**
 * Reads the claims of a token whose signature is right.
 * @throws BadCredential if anything about them is not as it must be; nothing is guessed or left out.
 */
export function readClaims(claims: JWTPayload, rules: ClaimRules): VerifiedToken {
  const { iss, sub, jti, exp, nbf, iat, tidings } = claims
  const subject = readSubject(sub)
  const latest = rules.now + rules.clockSkewMs
  const issuedAt = readTime('iat', iat)
  if (issuedAt !== undefined && issuedAt > latest) throw new BadCredential('iat is in the future')
  if ((readTime('nbf', nbf) ?? 0) > latest) throw new BadCredential('nbf is in the future')
  const grants = readGrants(tidings, subject)
  return {
    issuer: iss!,
    subject,
    tokenId: readTokenId(jti),
    issuedAt,
    expiresAt: readExpiry(exp, rules),
    ...grants,
  }
}

/** The end is the end: a clock that is late would otherwise keep streams open beyond it. */
function readExpiry(exp: unknown, { now, tokenMaxLifetimeMs }: ClaimRules): number {
  const expiresAt = readTime('exp', exp)
  if (expiresAt === undefined) throw new BadCredential('exp is missing')
  if (expiresAt <= now) throw new BadCredential('expired')
  if (expiresAt > now + tokenMaxLifetimeMs) throw new BadCredential('lives longer than tokenMaxLifetimeMs')
  return expiresAt
}

function readTime(name: string, seconds: unknown): number | undefined {
  if (seconds === undefined) return undefined
  // Whole milliseconds: as a fraction of seconds, most of them are a little more or less.
  if (typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0)
    return Math.round(seconds * 1_000)
  throw new BadCredential(`${name} is no time`)
}

/** The user is one segment of a topic: with a "/" or a "*" in it, it would reach the topics of others. */
function readSubject(sub: unknown): string {
  try {
    if (typeof sub === 'string') {
      userTopic(sub)
      return sub
    }
  } catch {
    // Said below.
  }
  throw new BadCredential('sub is no segment of a topic')
}

function readTokenId(jti: unknown): string | undefined {
  if (jti === undefined) return undefined
  if (typeof jti === 'string' && jti !== '' && jti.length <= maxTokenId) return jti
  throw new BadCredential('jti is no short string')
}

function readGrants(claim: unknown, subject: string): Pick<VerifiedToken, 'subscribe' | 'publish'> {
  if (claim === undefined) return { subscribe: [], publish: [] }
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) {
    throw new BadCredential('the claim tidings is no object')
  }
  const unknown = Object.keys(claim).find((name) => name !== 'subscribe' && name !== 'publish')
  if (unknown !== undefined) throw new BadCredential('the claim tidings has an unknown member')
  const { subscribe = [], publish = [] } = claim as { subscribe?: unknown; publish?: unknown }
  const grants = { subscribe: readPatterns(subscribe, subject), publish: readPatterns(publish, subject) }
  if (grants.subscribe.length + grants.publish.length > maxPatterns) {
    throw new BadCredential(`more than ${maxPatterns} patterns`)
  }
  return grants
}

/**
 * A granted pattern with the user in it, checked. Not in its first segment: whoever may choose their own name would
 * choose `user`, or `$metrics`, and reach what is everybody else's.
 * @throws TidingsError `invalid_topic`
 */
export function fillIn(pattern: unknown, subject: string): string {
  const checked = checkPattern(pattern)
  if (checked.split('/', 1)[0]!.includes(user)) {
    throw new TidingsError(
      'invalid_topic',
      `A pattern has "${user}" in its first segment; put a name before it.`,
    )
  }
  return checkPattern(checked.replaceAll(user, () => subject))
}

function readPatterns(patterns: unknown, subject: string): string[] {
  if (!Array.isArray(patterns) || patterns.length > maxPatterns)
    throw new BadCredential('no short list of patterns')
  try {
    return patterns.map((pattern) => fillIn(pattern, subject))
  } catch (cause) {
    throw new BadCredential('a pattern breaks the grammar', { cause })
  }
}
