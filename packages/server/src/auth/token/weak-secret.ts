import { createPublicKey } from 'node:crypto'

/** The bytes of an HS256 secret: as many as its digest has (RFC 7518, 3.2). */
const leastBytes = 32

/** Different characters: a random secret of 32 has over 20; repeated words and rows of keys have fewer. */
const leastDistinct = 12

/** Characters after which a secret may begin anew: half of what is needed, twice, is half. */
const leastPeriod = 20

/** Words of secrets that stand in examples, in lower case, without what separates words. Whoever copied one shares it. */
const examples: readonly string[] = [
  'abcdefghij',
  '0123456789',
  '1234567890',
  'qwertyuiop',
  'atleast256bit',
  'atleast32',
  'minimum32',
  'bitsecret',
  'changeit',
  'changeme',
  'changethis',
  'correcthorse',
  'defaultsecret',
  'example',
  'jwtsecret',
  'jwttoken',
  'keyboardcat',
  'mysecret',
  'notsecret',
  'password',
  'placeholder',
  'replaceme',
  'replacethis',
  'secretkey',
  'signingkey',
  'supersecret',
  'thisisa',
  'topsecret',
  'verysecret',
  'yoursecret',
]

/**
 * Why a secret must not be used, to follow after "a secret that"; `undefined` if nothing speaks against it.
 * The secret itself is never part of it.
 */
export function weaknessOf(secret: string): string | undefined {
  const remedy = 'make one with: openssl rand -base64 48'
  // RFC 8725, 2.1: a public key as HMAC secret lets everybody sign who knows it, which is everybody.
  if (/-----\s*BEGIN/.test(secret)) return 'is a PEM key; give it as a key file, with RS256, ES256 or EdDSA'
  if (isPublicKey(secret)) return 'is a public key; give it as a key file, with RS256, ES256 or EdDSA'
  if (Buffer.byteLength(secret) < leastBytes) return `is shorter than ${leastBytes} bytes; ${remedy}`
  const letters = secret.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  if (examples.some((example) => letters.includes(example))) return `stands in examples; ${remedy}`
  if (new Set(secret).size < leastDistinct) return `repeats few characters; ${remedy}`
  if (periodOf(secret) < leastPeriod) return `repeats itself; ${remedy}`
  return undefined
}

/** Public keys as they travel beside PEM: a JWK, OpenSSH's line, and the inside of a PEM without its frame. */
function isPublicKey(secret: string): boolean {
  const text = secret.trim()
  if (/^(?:ssh|ecdsa)-[a-z0-9-]+ AAAA/.test(text) || /^\{.*"kty"/s.test(text)) return true
  try {
    createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })
    return true
  } catch {
    return false
  }
}

/** After how many characters a text begins anew, and goes on so to its end; its length, if it never does. */
function periodOf(text: string): number {
  for (let period = 1; period < text.length; period++) {
    if (text.startsWith(text.slice(period))) return period
  }
  return text.length
}
