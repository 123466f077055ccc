import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { randomBase36 } from '@tidings/protocol'

/**
 * How a key is shown: `tdk_<id>_<secret>`. The prefix lets scanners of repositories find leaked ones; the id finds
 * the key, so that the secret is only ever compared with the one it should be.
 */
const form = /^tdk_([0-9a-z]{12})_([0-9a-z]{40})$/

/** A digest that nothing has: whoever asks for an id that does not exist waits as long as everybody. */
const nobody = randomBytes(32)

/** Whether a string is meant to be a key, rightly or not. */
export function looksLikeKey(text: string): boolean {
  return text.startsWith('tdk_')
}

/** Makes the id and the secret of a new key. 40 digits of base 36 are 206 bits. */
export function makeKey(): { readonly id: string; readonly shown: string; readonly digest: Buffer } {
  const id = randomBase36(12)
  const secret = randomBase36(40)
  return { id, shown: `tdk_${id}_${secret}`, digest: digestOf(secret) }
}

/**
 * Whether what is shown is a key.
 * @param digestOfId the digest that is kept of a key's secret.
 * @returns its id; `undefined` if not.
 */
export function matchKey(shown: string, digestOfId: (id: string) => Buffer | undefined): string | undefined {
  const [, id = '', secret = ''] = form.exec(shown) ?? []
  const known = digestOfId(id)
  // Equally long whether there is such a key or not.
  const isEqual = timingSafeEqual(digestOf(secret), known ?? nobody)
  return isEqual && known !== undefined ? id : undefined
}

/**
 * One round is enough: a secret of 206 random bits cannot be guessed, only stolen. Node makes the digest as text in a
 * quarter of the time that it takes as a buffer (250 ns, 930 ns), and a publish costs 24 µs.
 */
function digestOf(secret: string): Buffer {
  return Buffer.from(hash('sha256', secret, 'hex'), 'hex')
}
