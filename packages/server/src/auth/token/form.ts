import { BadCredential } from '../bad-credential.ts'
import { hasUniqueMembers } from './unique-members.ts'

/** Characters of a token: half of what headers may have, and far more than any honest one needs. */
export const maxTokenLength = 8_192

const base64url = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** The kinds of token that are meant for us; another, e.g. `logout+jwt`, is signed by the same keys for something else. */
const kinds: readonly unknown[] = [undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+jwt']

/**
 * Looks at a token before anything is done for it.
 * @returns the `iss` that it claims, to choose by among those that are configured, and nothing else.
 * @throws BadCredential
 */
export function checkForm(token: string): string {
  if (token.length > maxTokenLength || !base64url.test(token)) throw new BadCredential('no token')
  const [header, payload] = token.split('.', 2).map(decode) as [Json, Json]
  if (!isCanonical(token.slice(token.lastIndexOf('.') + 1)))
    throw new BadCredential('the signature is misspelled')
  if (!kinds.includes(header.typ)) throw new BadCredential('typ is of another kind of token')
  if (header.crit !== undefined) throw new BadCredential('crit names what is not known')
  return typeof payload.iss === 'string' ? payload.iss : ''
}

/**
 * The last character may have bits that mean nothing. With others in them it would be another text for the same
 * signature, and who goes by the text of a token would take it for another token.
 */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

type Json = Readonly<Record<string, unknown>>

function decode(part: string): Json {
  const text = Buffer.from(part, 'base64url').toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new BadCredential('a part is no JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadCredential('a part is no object')
  if (!hasUniqueMembers(text)) throw new BadCredential('a member is there twice')
  return value as Json
}
