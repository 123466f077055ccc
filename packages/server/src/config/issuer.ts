import { isLoopback } from './exposure.ts'
import type { Setting } from './setting.ts'

/** The algorithms by which tokens may be signed. `none` is not among them, nor is anything that is out of date. */
export const tokenAlgorithms = Object.freeze(['HS256', 'RS256', 'ES256', 'EdDSA'] as const)

/** One of {@link tokenAlgorithms}. */
export type TokenAlgorithm = (typeof tokenAlgorithms)[number]

/** Who makes tokens, and how they are checked. Nothing of it is ever taken from a token. */
export interface Issuer {
  /** The `iss` of its tokens. */
  readonly issuer: string
  /** The `aud` that its tokens must have. */
  readonly audience: string
  readonly algorithms: readonly TokenAlgorithm[]
  /** One of these three says by which keys. */
  readonly secret?: string
  readonly keyFile?: string
  readonly jwksUrl?: string
}

const fields: ReadonlySet<string> = new Set([
  'issuer',
  'audience',
  'algorithms',
  'secret',
  'keyFile',
  'jwksUrl',
])

const remedy =
  'give a list of objects with "issuer", "audience", "algorithms" (a list), and one of "secret", "keyFile" and "jwksUrl"'

/** Several issuers: an array in the file and the library, JSON in the environment. */
export function issuerList({ doc }: { readonly doc: string }): Setting<readonly Issuer[]> {
  return {
    default: Object.freeze([]),
    doc,
    isLimit: false,
    isSecret: true,
    placeholder: 'json',
    allowed: 'a list; in the environment, as JSON',
    show: () => '',
    read(input) {
      const value = typeof input === 'string' ? parse(input) : input
      if (!Array.isArray(value)) throw new RangeError(`is no list; ${remedy}`)
      return Object.freeze(value.map(readIssuer))
    },
  }
}

/**
 * Where keys may be fetched from: nobody on the way may exchange them, so that anything but this machine needs TLS.
 */
export function isKeySetUrl(text: string): boolean {
  if (text === '') return true
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return false
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(host))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Its message would repeat what may hold a secret.
    throw new RangeError(`is not valid JSON; ${remedy}`)
  }
}

function readIssuer(value: unknown): Issuer {
  if (typeof value !== 'object' || value === null) throw new RangeError(`holds something else; ${remedy}`)
  for (const [name, field] of Object.entries(value)) {
    if (!fields.has(name)) throw new RangeError(`has an unknown field in an issuer; ${remedy}`)
    const isList = name === 'algorithms' && Array.isArray(field)
    if (typeof field !== 'string' && !isList) throw new RangeError(`has a field of a wrong kind; ${remedy}`)
  }
  const { algorithms = [], ...rest } = value as Partial<Issuer>
  if (!algorithms.every((name) => (tokenAlgorithms as readonly string[]).includes(name))) {
    throw new RangeError(`names an unknown algorithm; give ${tokenAlgorithms.join(', ')}`)
  }
  return Object.freeze({ issuer: '', audience: '', ...rest, algorithms: Object.freeze([...algorithms]) })
}
