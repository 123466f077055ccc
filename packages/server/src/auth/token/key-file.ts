import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { TokenAlgorithm } from '../../config/issuer.ts'

/** Bytes of a key file: the largest public keys have some hundred. */
const maxBytes = 65_536

/** Members of a JWK that only its owner may know (RFC 7518, 6.2.2, 6.3.2 and 6.4.1). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * The public key of a file, PEM or JWK.
 * @param algorithms those by which its tokens may be signed.
 * @throws RangeError with what is wrong and what to do, to follow after a name. It repeats neither path nor content:
 *   who mistakes the setting for the key itself has written a key there.
 */
export async function readKeyFile(path: string, algorithms: readonly TokenAlgorithm[]): Promise<KeyObject> {
  if (path.includes('-----BEGIN') || path.trimStart().startsWith('{')) {
    throw new RangeError('holds a key; write the key into a file, and give the path of that')
  }
  const text = (await readText(path)).trim()
  const key = text.startsWith('{') ? fromJwk(text, algorithms) : fromPem(text)
  const fitting = algorithmOf(key)
  if (fitting === undefined) {
    throw new RangeError(
      'has a key file whose key fits no algorithm; give RSA of 2,048 bits or more, P-256 or Ed25519',
    )
  }
  if (algorithms.some((name) => name !== fitting)) {
    throw new RangeError(`has a key file that fits ${fitting}; name exactly that algorithm`)
  }
  return key
}

async function readText(path: string): Promise<string> {
  try {
    await using file = await open(path)
    // One byte more tells a file that is too long; and what never ends, such as a device, is not read for ever.
    const { bytesRead, buffer } = await file.read(Buffer.alloc(maxBytes + 1))
    if (bytesRead <= maxBytes) return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new RangeError(
      code === 'ENOENT'
        ? 'has a key file that does not exist; give the path of one'
        : `has a key file that cannot be read (${code}); give one that this server may read`,
    )
  }
  throw new RangeError(`has a key file of over ${maxBytes} bytes; give the public key alone`)
}

function fromPem(text: string): KeyObject {
  if (text.includes('PRIVATE KEY')) throw privateKey('openssl pkey -in private.pem -pubout')
  const keys = text.match(/-----BEGIN /g)?.length ?? 0
  if (keys > 1)
    throw new RangeError('has several keys in its key file; give one issuer for each, of one name')
  try {
    return createPublicKey({ key: text, format: 'pem' })
  } catch {
    throw noKey()
  }
}

function fromJwk(text: string, algorithms: readonly TokenAlgorithm[]): KeyObject {
  const jwk = parse(text)
  if (privateMembers.some((name) => name in jwk))
    throw privateKey('its members "kty", "n", "e", "crv", "x", "y"')
  const { alg, use } = jwk
  if (use !== undefined && use !== 'sig') {
    throw new RangeError('has a key file whose key is not for signatures; give one whose "use" is "sig"')
  }
  if (alg !== undefined && !(algorithms as readonly unknown[]).includes(alg)) {
    throw new RangeError('has a key file whose key says another algorithm; name that one')
  }
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    throw noKey()
  }
}

function parse(text: string): JsonWebKey {
  try {
    return JSON.parse(text) as JsonWebKey
  } catch {
    throw noKey()
  }
}

function privateKey(how: string): RangeError {
  return new RangeError(`has a private key in its key file; give the public key alone: ${how}`)
}

function noKey(): RangeError {
  return new RangeError('has a key file that is neither PEM nor JWK; give one public key in one of them')
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): TokenAlgorithm | undefined {
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails ?? {}
  if (asymmetricKeyType === 'rsa') return modulusLength >= 2_048 ? 'RS256' : undefined
  if (asymmetricKeyType === 'ec') return namedCurve === 'prime256v1' ? 'ES256' : undefined
  return asymmetricKeyType === 'ed25519' ? 'EdDSA' : undefined
}
