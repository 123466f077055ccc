import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { BadCredential } from '../bad-credential.ts'
import { OwnTokens } from './own-tokens.ts'
import { claims, makeTestKey, ownTokens, rawToken, TestSecrets } from './test-tokens.ts'
import { closeKeyServers, hmac, issuer, keyServer, secret, verifierOf } from './test-verifier.ts'

afterEach(closeKeyServers)

/** Signs any JSON text, right or wrong. */
function signRaw(header: string, payload: string): string {
  const unsigned = rawToken(header, payload).replace(/\.AAAA$/, '')
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
}

const seconds = () => Math.floor(Date.now() / 1_000)

describe('a token of a configured issuer', () => {
  it('says who the user is and what they were granted, with their own name filled in', async () => {
    const verifier = await verifierOf([{ secret }])
    const tidings = { subscribe: ['orders/{sub}/*', 'news'], publish: ['chat/{sub}'] }
    const exp = seconds() + 60
    const token = await hmac({ tidings, jti: 'one', exp })
    expect(await verifier.verify(token)).toEqual({
      issuer,
      subject: 'alice',
      tokenId: 'one',
      issuedAt: expect.any(Number),
      expiresAt: exp * 1_000,
      subscribe: ['orders/alice/*', 'news'],
      publish: ['chat/alice'],
    })
  })

  it.each(['RS256', 'ES256', 'EdDSA'] as const)(
    'may be signed with %s, by the keys of a URL',
    async (alg) => {
      const key = await makeTestKey(alg)
      const server = await keyServer([key])
      const verifier = await verifierOf([{ jwksUrl: server.url, algorithms: [alg] }])
      expect((await verifier.verify(await key.sign(claims(issuer)))).subject).toBe('alice')
      expect((await verifier.verify(await key.sign(claims(issuer), { kid: undefined }))).subject).toBe(
        'alice',
      )
      expect(server.requests).toBe(1)
    },
  )

  it.each([
    ['the audience is missing', { aud: undefined }],
    ['the audience is another', { aud: 'other.example' }],
    ['the issuer is missing', { iss: undefined }],
    ['the issuer is another', { iss: 'https://other.example' }],
    ['it has expired', { exp: seconds() - 1 }],
    ['it never expires', { exp: undefined }],
    ['it lives for a hundred years', { exp: seconds() + 3_153_600_000 }],
    ['its end is no number', { exp: '2099-01-01' }],
    ['it is not valid yet', { nbf: seconds() + 300 }],
    ['it comes from the future', { iat: seconds() + 300 }],
    ['it has no user', { sub: undefined }],
    ['its user is no string', { sub: 7 }],
    ['its user reaches into another topic', { sub: 'alice/secret' }],
    ['its user is a pattern', { sub: '*' }],
    ['its user is empty', { sub: '' }],
    ['its grants are no object', { tidings: ['**'] }],
    ['its grants are an empty list', { tidings: [] }],
    ['its grants have a member that nobody knows', { tidings: { subscribe: [], admin: ['**'] } }],
    ['its grants are no list', { tidings: { subscribe: '**' } }],
    ['a grant breaks the grammar', { tidings: { subscribe: ['a b'] } }],
    [
      'it has more than 100 grants',
      { tidings: { subscribe: Array.from({ length: 101 }, (_, n) => `a/${n}`) } },
    ],
    ['its id is no string', { jti: 7 }],
    ['its id is very long', { jti: 'x'.repeat(257) }],
  ])('is refused if %s', async (_, changes) => {
    const verifier = await verifierOf([{ secret }])
    await expect(verifier.verify(await hmac(changes))).rejects.toThrow(BadCredential)
  })

  it('may come from a clock that is a little ahead, which does not let it live longer', async () => {
    const verifier = await verifierOf([{ secret }])
    expect((await verifier.verify(await hmac({ nbf: seconds() + 5, iat: seconds() + 5 }))).subject).toBe(
      'alice',
    )
    await expect(verifier.verify(await hmac({ exp: seconds() - 1 }))).rejects.toThrow('expired')
  })

  it.each([
    ['is of another kind', { typ: 'logout+jwt' }],
    ['names a critical extension', { crit: ['x'], x: 1 }],
    ['names an algorithm that is not pinned', { alg: 'HS512' }],
  ])('is refused if its header %s', async (_, header) => {
    const verifier = await verifierOf([{ secret }])
    const sign = (more: object) =>
      signRaw(JSON.stringify({ alg: 'HS256', ...more }), JSON.stringify(claims(issuer)))
    expect((await verifier.verify(sign({}))).subject).toBe('alice')
    await expect(verifier.verify(sign(header))).rejects.toThrow(BadCredential)
  })

  it('is refused if it names a member twice, whichever would count', async () => {
    const verifier = await verifierOf([{ secret }])
    const payload = JSON.stringify(claims(issuer))
    const header = '{"alg":"HS256"}'
    expect((await verifier.verify(signRaw(header, payload))).subject).toBe('alice')
    for (const [one, two] of [
      [header, payload.replace('{', '{"sub":"bob",')],
      [header, payload.replace('}', ',"s\\u0075b":"bob"}')],
      [header, payload.replace('}', ',"tidings":{"subscribe":["a"],"subscribe":["**"]}}')],
      ['{"alg":"none","alg":"HS256"}', payload],
    ]) {
      await expect(verifier.verify(signRaw(one!, two!))).rejects.toThrow('a member is there twice')
    }
  })

  it('is refused if it is huge, or nothing like a token', async () => {
    const verifier = await verifierOf([{ secret }])
    for (const token of [
      await hmac({ junk: 'x'.repeat(9_000) }),
      '',
      'a.b',
      'a.b.c',
      'a.b.c.d',
      `${await hmac()}.`,
      'ü.ü.ü',
    ]) {
      await expect(verifier.verify(token)).rejects.toThrow(BadCredential)
    }
  })

  it.each(['HS256', 'RS256', 'ES256', 'EdDSA'] as const)(
    'signed with %s is refused after any one change to it',
    async (alg) => {
      const key = alg === 'HS256' ? undefined : await makeTestKey(alg)
      const keys = key && { jwksUrl: (await keyServer([key])).url, algorithms: [alg] }
      const verifier = await verifierOf([keys ?? { secret }])
      const token = key === undefined ? await hmac() : await key.sign(claims(issuer))
      expect((await verifier.verify(token)).subject).toBe('alice')
      const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', ...'.=+/ ü\n\0']
      // The last character of a signature has bits that mean nothing, and they too must be as they were.
      const places = fc.oneof(fc.nat(token.length - 1), fc.constant(token.length - 1))
      const change = fc.record({
        at: places,
        letter: fc.constantFrom('', ...letters),
        cut: fc.constantFrom(0, 1),
      })
      await fc.assert(
        fc.asyncProperty(change, async ({ at, letter, cut }) => {
          const changed = token.slice(0, at) + letter + token.slice(at + cut)
          if (changed === token) return
          await expect(verifier.verify(changed)).rejects.toThrow(BadCredential)
        }),
        { numRuns: 400 },
      )
      for (const letter of letters) {
        const changed = token.slice(0, -1) + letter
        if (changed !== token) await expect(verifier.verify(changed)).rejects.toThrow(BadCredential)
      }
    },
  )
})

describe('tokens of the server itself', () => {
  const user = { subject: 'alice', subscribe: ['a'], publish: ['b/*'] }

  it('give back what was put in', async () => {
    const own = ownTokens()
    const verifier = await verifierOf([], own)
    const token = { ...user, tokenId: 'id', issuedAt: 1_700_000_000_123, expiresAt: Date.now() + 60_000 }
    expect(await verifier.verify(await own.mint('user', token))).toEqual({ ...token, issuer: 'tidings' })
    const derived = await own.mint('session', { ...token, issuer })
    expect(await own.verify('session', derived, verifier.rules)).toEqual({ ...token, issuer })
  })

  it('are each for one use: a cookie is no token, and a token no cookie', async () => {
    const own = ownTokens()
    const verifier = await verifierOf([], own)
    const expiresAt = Date.now() + 60_000
    for (const use of ['session', 'stream'] as const) {
      await expect(verifier.verify(await own.mint(use, { ...user, expiresAt }))).rejects.toThrow(
        BadCredential,
      )
    }
    const shown = await own.mint('user', { ...user, expiresAt })
    await expect(own.verify('session', shown, verifier.rules)).rejects.toThrow(BadCredential)
    const stream = await own.mint('stream', { ...user, expiresAt })
    await expect(own.verify('session', stream, verifier.rules)).rejects.toThrow(BadCredential)
  })

  it('count after the secret was exchanged, and not if it never was this one', async () => {
    const secrets = new TestSecrets()
    const own = new OwnTokens(secrets)
    const verifier = await verifierOf([], own)
    const token = await own.mint('user', { ...user, expiresAt: Date.now() + 60_000 })
    secrets.rotate()
    expect((await verifier.verify(token)).subject).toBe('alice')
    const foreign = await ownTokens().mint('user', { ...user, expiresAt: Date.now() + 60_000 })
    await expect(verifier.verify(foreign)).rejects.toThrow('not signed by this server')
  })
})
