import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject as NodeKey,
} from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { CryptoKey, JWSHeaderParameters, KeyObject } from 'jose'
import { ConfigError, type ConfigProblem } from '../../config/config-error.ts'
import type { Issuer, TokenAlgorithm } from '../../config/issuer.ts'
import type { Settings } from '../../config/settings.ts'
import { KeySet } from './key-set.ts'
import { ownIssuer } from './own-tokens.ts'
import { weaknessOf } from './weak-secret.ts'

/** An issuer with its keys. */
export interface ResolvedIssuer {
  readonly issuer: string
  readonly audience: string
  readonly algorithms: readonly TokenAlgorithm[]
  /** The keys that a token with this header may be signed by. */
  keysFor(header: JWSHeaderParameters): Promise<readonly (CryptoKey | KeyObject | Uint8Array)[]>
}

/** The settings that name issuers. */
export type IssuerSettings = Pick<
  Settings,
  'jwtIssuer' | 'jwtAudience' | 'jwtAlgorithms' | 'jwtSecret' | 'jwtKeyFile' | 'jwksUrl' | 'issuers'
>

/** Whether any issuer is configured, be it rightly or not. */
export function hasIssuers({ jwtIssuer, jwtSecret, jwtKeyFile, jwksUrl, issuers }: IssuerSettings): boolean {
  return issuers.length > 0 || [jwtIssuer, jwtSecret, jwtKeyFile, jwksUrl].some((text) => text !== '')
}

/**
 * The issuers of the configuration, with the keys of their files.
 * @throws ConfigError listing everything that is wrong; secrets are never repeated.
 */
export async function resolveIssuers(settings: IssuerSettings): Promise<ResolvedIssuer[]> {
  const problems: ConfigProblem[] = []
  const resolved: ResolvedIssuer[] = []
  for (const { key, issuer } of namedIssuers(settings)) {
    try {
      resolved.push(await resolve(issuer))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      problems.push({ key, source: 'authentication', remedy: error.message })
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return resolved
}

function namedIssuers(settings: IssuerSettings): { key: string; issuer: Issuer }[] {
  const { jwtIssuer, jwtAudience, jwtAlgorithms, jwtSecret, jwtKeyFile, jwksUrl, issuers } = settings
  const named = issuers.map((issuer, index) => ({ key: `issuers[${index}]`, issuer }))
  if (!hasIssuers({ ...settings, issuers: [] })) return named
  const first: Issuer = {
    issuer: jwtIssuer,
    audience: jwtAudience,
    algorithms: jwtAlgorithms as readonly TokenAlgorithm[],
    ...(jwtSecret !== '' && { secret: jwtSecret }),
    ...(jwtKeyFile !== '' && { keyFile: jwtKeyFile }),
    ...(jwksUrl !== '' && { jwksUrl }),
  }
  return [{ key: 'jwtIssuer', issuer: first }, ...named]
}

/** @throws RangeError with what is wrong and what to do, to follow after a name. */
async function resolve(given: Issuer): Promise<ResolvedIssuer> {
  const { issuer, audience, secret, keyFile, jwksUrl } = given
  if (issuer === '') throw new RangeError('names no issuer; give the "iss" of its tokens')
  if (issuer === ownIssuer)
    throw new RangeError(`is called "${ownIssuer}", which is this server's own; use another name`)
  if (audience === '') throw new RangeError('names no audience; give the "aud" of its tokens')
  if ([secret, keyFile, jwksUrl].filter((one) => one !== undefined).length !== 1) {
    throw new RangeError('needs exactly one of a secret, a key file and a JWKS URL')
  }
  if (secret !== undefined) return { ...given, ...(await withSecret(given, secret)) }
  const algorithms = publicAlgorithms(given)
  if (keyFile !== undefined) return { ...given, algorithms, keysFor: await keysOfFile(keyFile, algorithms) }
  const keys = new KeySet(jwksUrl!, algorithms)
  return { ...given, algorithms, keysFor: (header) => keys.keysFor(header) }
}

async function withSecret({ algorithms }: Issuer, secret: string) {
  if (algorithms.some((name) => name !== 'HS256')) {
    throw new RangeError(
      'has a secret, with which only HS256 works; give a key file or a JWKS URL for the others',
    )
  }
  const weakness = weaknessOf(secret)
  if (weakness !== undefined) throw new RangeError(`has a secret that ${weakness}`)
  const keys = [createSecretKey(Buffer.from(secret, 'utf8'))]
  return { algorithms: ['HS256'] as const, keysFor: async () => keys }
}

/** Who verifies HS256 with a public key would let everybody sign who knows it. */
function publicAlgorithms({ algorithms }: Issuer): readonly TokenAlgorithm[] {
  if (algorithms.length === 0) throw new RangeError('names no algorithms; give RS256, ES256 or EdDSA')
  if (!algorithms.includes('HS256')) return algorithms
  throw new RangeError('names HS256, which needs a secret; a public key would be known to everybody')
}

async function keysOfFile(file: string, algorithms: readonly TokenAlgorithm[]) {
  const key = readKey(await readFile(file).catch(unreadable))
  const fitting = algorithmOf(key)
  if (fitting === undefined || !algorithms.every((name) => name === fitting)) {
    throw new RangeError(`has a key file that fits ${fitting ?? 'no algorithm'}; name exactly that one`)
  }
  return async () => [key]
}

function unreadable({ message }: Error): never {
  throw new RangeError(`has a key file that cannot be read: ${message}`)
}

function readKey(bytes: Buffer): NodeKey {
  const text = bytes.toString('utf8').trim()
  const isPrivate = text.startsWith('{') ? 'd' in parseJwk(text) : isPrivatePem(text)
  if (isPrivate)
    throw new RangeError('has a private key in its key file; give the public key, to verify is all it is for')
  try {
    return text.startsWith('{')
      ? createPublicKey({ key: parseJwk(text), format: 'jwk' })
      : createPublicKey({ key: text, format: 'pem' })
  } catch {
    throw new RangeError('has a key file that is neither PEM nor JWK; give a public key in one of them')
  }
}

function parseJwk(text: string): JsonWebKey {
  try {
    return JSON.parse(text) as JsonWebKey
  } catch {
    throw new RangeError('has a key file that is neither PEM nor JWK; give a public key in one of them')
  }
}

function isPrivatePem(text: string): boolean {
  try {
    createPrivateKey(text)
    return true
  } catch {
    return text.includes('PRIVATE KEY')
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: NodeKey): TokenAlgorithm | undefined {
  if (asymmetricKeyType === 'rsa')
    return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048 ? 'RS256' : undefined
  if (asymmetricKeyType === 'ec')
    return asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined
  return asymmetricKeyType === 'ed25519' ? 'EdDSA' : undefined
}
