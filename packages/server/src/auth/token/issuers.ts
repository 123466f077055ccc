import { createSecretKey } from 'node:crypto'
import type { CryptoKey, JWSHeaderParameters, KeyObject } from 'jose'
import { ConfigError, type ConfigProblem } from '../../config/config-error.ts'
import { type Issuer, isKeySetUrl, type TokenAlgorithm } from '../../config/issuer.ts'
import type { SettingKey, Settings } from '../../config/settings.ts'
import { readKeyFile } from './key-file.ts'
import { KeySet } from './key-set.ts'
import { ownIssuer } from './own-tokens.ts'
import { weaknessOf } from './weak-secret.ts'

/** By which a signature is verified. */
export type VerificationKey = CryptoKey | KeyObject

/** An issuer with its keys. */
export interface ResolvedIssuer {
  readonly issuer: string
  readonly audience: string
  readonly algorithms: readonly TokenAlgorithm[]
  /**
   * The keys that a token with this header may be signed by.
   * @throws BadCredential if there is none.
   */
  keysFor(header: JWSHeaderParameters): Promise<readonly VerificationKey[]>
  /** Gets the keys anew where they can change; whether it did. */
  renewKeys?(): Promise<boolean>
}

/** The settings that name issuers. */
export type IssuerSettings = Pick<
  Settings,
  'jwtIssuer' | 'jwtAudience' | 'jwtAlgorithms' | 'jwtSecret' | 'jwtKeyFile' | 'jwksUrl' | 'issuers'
>

/** The settings that are the fields of the first issuer. */
const firstKeys = Object.freeze({
  issuer: 'jwtIssuer',
  audience: 'jwtAudience',
  algorithms: 'jwtAlgorithms',
  secret: 'jwtSecret',
  keyFile: 'jwtKeyFile',
  jwksUrl: 'jwksUrl',
} satisfies Record<keyof Issuer, SettingKey>)

/** Whether any issuer is configured, be it rightly or not: whoever gives a part of one does not want to do without. */
export function hasIssuers(settings: IssuerSettings): boolean {
  return settings.issuers.length > 0 || hasFirst(settings)
}

function hasFirst(settings: IssuerSettings): boolean {
  return Object.values(firstKeys).some((key) => settings[key].length > 0)
}

/**
 * The issuers of the configuration, with the keys of their files. Several may bear one name, while keys are exchanged.
 * @throws ConfigError listing everything that is wrong; secrets are never repeated.
 */
export async function resolveIssuers(settings: IssuerSettings): Promise<ResolvedIssuer[]> {
  const problems: ConfigProblem[] = []
  const resolved: ResolvedIssuer[] = []
  for (const { given, nameOf } of namedIssuers(settings)) {
    const complain: Complain = (field, remedy) => {
      problems.push({ key: nameOf(field), source: 'authentication', remedy })
    }
    const issuer = await resolve(given, complain)
    if (issuer !== undefined) resolved.push(issuer)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return resolved
}

type Complain = (field: keyof Issuer, remedy: string) => void

interface NamedIssuer {
  readonly given: Issuer
  /** How the operator knows a field. */
  nameOf(field: keyof Issuer): string
}

function namedIssuers(settings: IssuerSettings): NamedIssuer[] {
  const others = settings.issuers.map((given, index): NamedIssuer => {
    return { given, nameOf: (field) => `issuers[${index}].${field}` }
  })
  if (!hasFirst(settings)) return others
  const first: Issuer = {
    issuer: settings.jwtIssuer,
    audience: settings.jwtAudience,
    algorithms: settings.jwtAlgorithms as readonly TokenAlgorithm[],
    secret: settings.jwtSecret,
    keyFile: settings.jwtKeyFile,
    jwksUrl: settings.jwksUrl,
  }
  return [{ given: first, nameOf: (field) => firstKeys[field] }, ...others]
}

/** Nothing, if there is anything to complain about. */
async function resolve(given: Issuer, complain: Complain): Promise<ResolvedIssuer | undefined> {
  const { issuer, audience, secret = '', keyFile = '', jwksUrl = '' } = given
  let isGood = true
  const refuse: Complain = (field, remedy) => {
    isGood = false
    complain(field, remedy)
  }
  if (issuer === '') refuse('issuer', 'names no issuer; give the "iss" of its tokens')
  if (issuer === ownIssuer) {
    refuse('issuer', `is "${ownIssuer}", which is this server's own name; use another`)
  }
  if (audience === '') refuse('audience', 'names no audience; give the "aud" of its tokens')
  if ([secret, keyFile, jwksUrl].filter((one) => one !== '').length !== 1) {
    refuse('secret', 'needs exactly one of a secret, a key file and a JWKS URL')
  }
  const algorithms = secret === '' ? given.algorithms : (['HS256'] as const)
  if (secret !== '') checkSecret(given, secret, refuse)
  else checkPublicAlgorithms(given, refuse)
  if (!isKeySetUrl(jwksUrl)) {
    refuse('jwksUrl', 'is not allowed; give an https URL, or an http one on this machine')
  }
  const key = keyFile === '' ? undefined : await keyOfFile(keyFile, given.algorithms, refuse)
  if (!isGood) return undefined
  return { issuer, audience, algorithms, ...keysOf(key ?? secretKey(secret), jwksUrl, algorithms) }
}

function checkSecret({ algorithms }: Issuer, secret: string, refuse: Complain): void {
  if (algorithms.some((name) => name !== 'HS256')) {
    refuse(
      'algorithms',
      'names more than HS256, and only HS256 works with a secret; give a key file or a JWKS URL',
    )
  }
  const weakness = weaknessOf(secret)
  if (weakness !== undefined) refuse('secret', weakness)
}

/** Who verifies HS256 with a public key would let everybody sign who knows it. */
function checkPublicAlgorithms({ algorithms }: Issuer, refuse: Complain): void {
  if (algorithms.length === 0) refuse('algorithms', 'names no algorithms; give RS256, ES256 or EdDSA')
  if (!algorithms.includes('HS256')) return
  refuse('algorithms', 'names HS256, which needs a secret; a public key would be known to everybody')
}

async function keyOfFile(path: string, algorithms: readonly TokenAlgorithm[], refuse: Complain) {
  try {
    return await readKeyFile(path, algorithms)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    refuse('keyFile', error.message)
    return undefined
  }
}

function secretKey(secret: string) {
  return secret === '' ? undefined : createSecretKey(Buffer.from(secret, 'utf8'))
}

function keysOf(
  key: KeyObject | undefined,
  url: string,
  algorithms: readonly TokenAlgorithm[],
): Pick<ResolvedIssuer, 'keysFor' | 'renewKeys'> {
  if (key !== undefined) return { keysFor: async () => [key] }
  const keys = new KeySet(url, algorithms)
  return { keysFor: (header) => keys.keysFor(header), renewKeys: () => keys.renew() }
}
