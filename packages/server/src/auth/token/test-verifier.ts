import { SignJWT } from 'jose'
import { resolveIssuers } from './issuers.ts'
import type { OwnTokens } from './own-tokens.ts'
import { audience, claims, type KeyServer, ownTokens, startKeyServer, type TestKey } from './test-tokens.ts'
import { TokenVerifier } from './token-verifier.ts'

/** A verifier for tests, of the issuer `https://id.example`, and the servers that publish its keys. */

export const rules = { clockSkewMs: 10_000, tokenMaxLifetimeMs: 86_400_000 }
export const secret = 'pN3v-8Qz!rT6mW2kXb9Ls4Yd7Gh1Jf5C0aE'
export const issuer = 'https://id.example'
/** No issuer. */
export const unset = {
  jwtIssuer: '',
  jwtAudience: '',
  jwtAlgorithms: [],
  jwtSecret: '',
  jwtKeyFile: '',
  jwksUrl: '',
  issuers: [],
}

const servers: KeyServer[] = []

export async function closeKeyServers(): Promise<void> {
  for (const server of servers.splice(0)) await server.close()
}

export async function keyServer(keys: TestKey[]): Promise<KeyServer> {
  const server = await startKeyServer(keys.map(({ publicJwk }) => publicJwk))
  servers.push(server)
  return server
}

export async function verifierOf(
  issuers: readonly object[],
  own: OwnTokens = ownTokens(),
): Promise<TokenVerifier> {
  const all = issuers.map((one) => ({ issuer, audience, algorithms: [], ...one }))
  return new TokenVerifier(await resolveIssuers({ ...unset, issuers: all }), own, rules)
}

export function hmac(changes: object = {}, header: object = {}, key = secret): Promise<string> {
  return new SignJWT({ ...claims(issuer, changes) })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(Buffer.from(key))
}
