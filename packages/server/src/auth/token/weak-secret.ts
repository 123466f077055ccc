/** The bytes of an HS256 secret: as many as its digest has (RFC 7518, 3.2). */
const leastBytes = 32

/** Different characters: a random secret of 32 has over 20; repeated words and rows of keys have fewer. */
const leastDistinct = 12

/** Secrets that stand in examples. Whoever copied one shares it with everybody. */
const examples: readonly RegExp[] = [
  /your-?\s?\d*-?bit-?secret/i,
  /secret-at-least-\d+-bits/i,
  /change[-_ ]?(me|this|it)/i,
  /^(this[-_ ]is|my)[-_ ].*(secret|key)/i,
  /super[-_ ]?secret/i,
  /keyboard[-_ ]cat/i,
  /example/i,
  /password/i,
  /(^|[^a-z])(todo|placeholder|replace[-_ ]?me)/i,
]

/**
 * Why a secret must not be used, to follow after "a secret that"; `undefined` if nothing speaks against it.
 * The secret itself is never part of it.
 */
export function weaknessOf(secret: string): string | undefined {
  const remedy = 'make one with: openssl rand -base64 48'
  // RFC 8725, 2.1: a public key as HMAC secret lets everybody sign who knows it, which is everybody.
  if (secret.includes('-----BEGIN')) return 'is a PEM key; give it as a key file, with RS256, ES256 or EdDSA'
  if (Buffer.byteLength(secret) < leastBytes) return `is shorter than ${leastBytes} bytes; ${remedy}`
  if (examples.some((example) => example.test(secret))) return `stands in examples; ${remedy}`
  if (new Set(secret).size < leastDistinct) return `repeats few characters; ${remedy}`
  return undefined
}
