import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomBase36 } from '@tidings/protocol'
import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { OwnTokens, type SigningSecrets } from './own-tokens.ts'

/** Keys and tokens for tests, all of them real. */

export const audience = 'push.example'

/** Secrets in memory; `rotate` makes a new current one. */
export class TestSecrets implements SigningSecrets {
  readonly #secrets: Uint8Array[] = []

  constructor() {
    this.rotate()
  }

  rotate(): void {
    this.#secrets.unshift(crypto.getRandomValues(new Uint8Array(32)))
  }

  /** The old ones have had their time. */
  forgetOld(): void {
    this.#secrets.length = 1
  }

  current(): Uint8Array {
    return this.#secrets[0]!
  }

  all(): readonly Uint8Array[] {
    return this.#secrets
  }

  async lookAgain(): Promise<void> {}
}

export function ownTokens(): OwnTokens {
  return new OwnTokens(new TestSecrets())
}

/** A key pair in all the forms that tests need. */
export interface TestKey {
  readonly kid: string
  readonly alg: string
  readonly publicPem: string
  readonly privatePem: string
  readonly publicJwk: JWK
  /** Signs claims, with a header of its own choosing. */
  sign(claims: object, header?: object): Promise<string>
}

export async function makeTestKey(alg: 'RS256' | 'ES256' | 'EdDSA', kid = randomBase36(6)): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return {
    kid,
    alg,
    publicPem: await exportSPKI(publicKey),
    privatePem: await exportPKCS8(privateKey),
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg },
    sign: (claims, header = {}) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  }
}

/** Claims of a token that is right in everything, with changes. `undefined` takes one away. */
export function claims(issuer: string, changes: object = {}): object {
  const now = Math.floor(Date.now() / 1_000)
  const all = { iss: issuer, aud: audience, sub: 'alice', iat: now, exp: now + 600, ...changes }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** Puts any JSON text into the form of a token, without or with any signature. */
export function rawToken(header: string, payload: string, signature = 'AAAA'): string {
  const part = (text: string) => Buffer.from(text).toString('base64url')
  return `${part(header)}.${part(payload)}.${signature}`
}

/** A server that publishes keys, and counts who asks. */
export interface KeyServer {
  readonly url: string
  /** Requests so far. */
  readonly requests: number
  keys: JWK[]
  /** Answers instead of the keys. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  close(): Promise<void>
}

export async function startKeyServer(keys: JWK[] = []): Promise<KeyServer> {
  let requests = 0
  const state: Pick<KeyServer, 'keys' | 'answer'> = { keys, answer: undefined }
  const server = createServer((request, response) => {
    requests++
    if (state.answer !== undefined) return state.answer(request, response)
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: state.keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  return Object.defineProperties(state, {
    url: { value: url },
    requests: { get: () => requests },
    close: {
      value: async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      },
    },
  }) as KeyServer
}
