import { createHmac, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { type JWK, SignJWT } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { BadCredential } from '../bad-credential.ts'
import { type ResolvedIssuer, resolveIssuers } from './issuers.ts'
import { KeySet, keySetLimits } from './key-set.ts'
import { OwnTokens } from './own-tokens.ts'
import {
  audience,
  claims,
  type KeyServer,
  makeTestKey,
  ownTokens,
  rawToken,
  startKeyServer,
  type TestKey,
  TestSecrets,
} from './token-fixtures.ts'
import { TokenVerifier } from './token-verifier.ts'

const rules = { clockSkewMs: 10_000, tokenMaxLifetimeMs: 86_400_000 }
const secret = 'pN3v-8Qz!rT6mW2kXb9Ls4Yd7Gh1Jf5C0aE'
const issuer = 'https://id.example'
const unset = {
  jwtIssuer: '',
  jwtAudience: '',
  jwtAlgorithms: [],
  jwtSecret: '',
  jwtKeyFile: '',
  jwksUrl: '',
}

const servers: KeyServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function keyServer(keys: TestKey[]): Promise<KeyServer> {
  const server = await startKeyServer(keys.map(({ publicJwk }) => publicJwk))
  servers.push(server)
  return server
}

async function verifierOf(issuers: readonly object[], own: OwnTokens = ownTokens()): Promise<TokenVerifier> {
  const all = issuers.map((one) => ({ issuer, audience, algorithms: [], ...one }))
  return new TokenVerifier(await resolveIssuers({ ...unset, issuers: all }), own, rules)
}

function hmac(changes: object = {}, header: object = {}, key = secret): Promise<string> {
  return new SignJWT({ ...claims(issuer, changes) })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(Buffer.from(key))
}

/** Signs any JSON text, right or wrong. */
function signRaw(header: string, payload: string): string {
  const unsigned = rawToken(header, payload).replace(/\.AAAA$/, '')
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
}

/** A key that no one should use any more. */
function weakJwk(): JWK {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 })
  return publicKey.export({ format: 'jwk' }) as JWK
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
    ['it is not valid yet', { nbf: seconds() + 30 }],
    ['it comes from the future', { iat: seconds() + 30 }],
    ['it has no user', { sub: undefined }],
    ['its user is no string', { sub: 7 }],
    ['its user reaches into another topic', { sub: 'alice/secret' }],
    ['its user is a pattern', { sub: '*' }],
    ['its user is empty', { sub: '' }],
    ['its grants are no object', { tidings: ['**'] }],
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

describe('the algorithm', () => {
  it('is what the configuration says: "none" is none', async () => {
    const verifier = await verifierOf([{ secret }])
    const payload = JSON.stringify(claims(issuer))
    for (const alg of ['none', 'None', 'NONE', '']) {
      for (const signature of ['AAAA', '']) {
        const token = rawToken(JSON.stringify({ alg }), payload, signature)
        await expect(verifier.verify(token)).rejects.toThrow(BadCredential)
      }
    }
  })

  it('of a public key is never HS256 with that key as the secret', async () => {
    const key = await makeTestKey('RS256')
    const server = await keyServer([key])
    const verifier = await verifierOf([{ jwksUrl: server.url, algorithms: ['RS256'] }])
    for (const shared of [key.publicPem, key.publicPem.trim(), ` ${key.publicPem}`]) {
      await expect(verifier.verify(await hmac({}, { kid: key.kid }, shared))).rejects.toThrow(
        'alg is not allowed',
      )
    }
    // Not even a key was asked for.
    expect(server.requests).toBe(0)
  })

  it('is what is pinned, also where the key could do more or says nothing', async () => {
    const [rsa, ec] = [await makeTestKey('RS256'), await makeTestKey('ES256')]
    const server = await keyServer([rsa, ec])
    server.keys = server.keys.map(({ alg: _, ...key }) => key)
    const verifier = await verifierOf([{ jwksUrl: server.url, algorithms: ['ES256'] }])
    expect((await verifier.verify(await ec.sign(claims(issuer)))).subject).toBe('alice')
    await expect(verifier.verify(await rsa.sign(claims(issuer)))).rejects.toThrow('alg is not allowed')
  })
})

describe('the keys of a URL', () => {
  it('are all tried if a token names none, also beside one that is too weak to be used', async () => {
    const [one, two] = [await makeTestKey('RS256'), await makeTestKey('RS256')]
    const server = await keyServer([one, two])
    server.keys = [weakJwk(), ...server.keys].map(({ kid: _, ...key }) => key)
    const verifier = await verifierOf([{ jwksUrl: server.url, algorithms: ['RS256'] }])
    for (const key of [one, two]) {
      const token = await key.sign(claims(issuer), { kid: undefined })
      expect((await verifier.verify(token)).subject).toBe('alice')
    }
    expect(server.requests).toBe(1)
  })

  it('that have no names may be exchanged: a new one counts after the cooldown', async () => {
    const [one, two] = [await makeTestKey('ES256'), await makeTestKey('ES256')]
    const server = await keyServer([one])
    const bare = ({ publicJwk: { kid: _, ...jwk } }: TestKey) => jwk
    server.keys = [bare(one)]
    let now = 0
    const keys = new KeySet(server.url, ['ES256'], () => now)
    const only: ResolvedIssuer = {
      issuer,
      audience,
      algorithms: ['ES256'],
      keysFor: (header) => keys.keysFor(header),
      renewKeys: () => keys.renew(),
    }
    const verifier = new TokenVerifier([only], ownTokens(), rules)
    const [first, second] = await Promise.all(
      [one, two].map((key) => key.sign(claims(issuer), { kid: undefined })),
    )
    expect((await verifier.verify(first!)).subject).toBe('alice')
    server.keys = [bare(two)]
    await expect(verifier.verify(second!)).rejects.toThrow('the signature is wrong')
    expect(server.requests).toBe(1)
    now += keySetLimits.cooldownMs
    expect((await verifier.verify(second!)).subject).toBe('alice')
    await expect(verifier.verify(first!)).rejects.toThrow('the signature is wrong')
    expect(server.requests).toBe(2)
  })

  it('that say another algorithm than the token verify nothing', async () => {
    const key = await makeTestKey('RS256')
    const server = await keyServer([key])
    server.keys = [{ ...key.publicJwk, alg: 'PS256' }]
    const verifier = await verifierOf([{ jwksUrl: server.url, algorithms: ['RS256', 'ES256'] }])
    await expect(verifier.verify(await key.sign(claims(issuer)))).rejects.toThrow('no key of the issuer fits')
  })

  it('never serve as a secret, also if they say no algorithm and the token says HS256', async () => {
    const key = await makeTestKey('RS256')
    const server = await keyServer([key])
    server.keys = [
      { ...key.publicJwk },
      { kty: 'oct', kid: 'oct', k: Buffer.from(secret).toString('base64url') },
    ]
    delete server.keys[0]!.alg
    const other = 'Zq7!xK2#mV9@bN4$wR6%tY1^uI8&oP3*'
    const verifier = await verifierOf([{ jwksUrl: server.url, algorithms: ['RS256'] }, { secret: other }])
    expect((await verifier.verify(await hmac({}, {}, other))).subject).toBe('alice')
    for (const [kid, shared] of [
      [key.kid, key.publicPem],
      [key.kid, key.publicJwk.n!],
      ['oct', secret],
    ] as const) {
      await expect(verifier.verify(await hmac({}, { kid }, shared))).rejects.toThrow(BadCredential)
    }
    expect(server.requests).toBe(0)
  })

  it('are asked for once when a flood of tokens names keys that there are not', async () => {
    const key = await makeTestKey('ES256')
    const server = await keyServer([key])
    const verifier = await verifierOf([{ jwksUrl: server.url, algorithms: ['ES256'] }])
    const flood = Array.from({ length: 200 }, async (_, index) => {
      const token = await key.sign(claims(issuer), { kid: `made-up-${index}` })
      await expect(verifier.verify(token)).rejects.toThrow(BadCredential)
    })
    await Promise.all(flood)
    expect(server.requests).toBe(1)
  })

  it('are not asked for by a token that is none', async () => {
    const key = await makeTestKey('ES256')
    const server = await keyServer([key])
    const verifier = await verifierOf([{ jwksUrl: server.url, algorithms: ['ES256'] }])
    const good = JSON.stringify(claims(issuer))
    const header = JSON.stringify({ alg: 'ES256', kid: key.kid })
    for (const token of [
      rawToken('{"alg":"none"}', good),
      rawToken('{"alg":"ES256","crit":["exp"]}', good),
      rawToken('{"alg":"ES256","typ":"secevent+jwt"}', good),
      rawToken('{"alg":"RS256"}', good),
      rawToken('{"kid":"x"}', good),
      rawToken(header, good.replace('{', `{"iss":"${issuer}",`)),
      rawToken(header, JSON.stringify(claims(`${issuer}#`))),
      rawToken(header, JSON.stringify(claims(issuer, { aud: 'https://id.example/../keys' }))).slice(0, -4),
      rawToken(header, JSON.stringify(claims(issuer, { junk: 'x'.repeat(8_192) }))),
    ]) {
      await expect(verifier.verify(token)).rejects.toThrow(BadCredential)
    }
    expect(server.requests).toBe(0)
  })
})

describe('several issuers', () => {
  it('are kept apart, also if their keys bear the same name', async () => {
    const [one, two] = [await makeTestKey('ES256', 'key-1'), await makeTestKey('ES256', 'key-1')]
    const [first, second] = [await keyServer([one]), await keyServer([two])]
    const verifier = await verifierOf([
      { issuer: 'https://one.example', jwksUrl: first.url, algorithms: ['ES256'] },
      { issuer: 'https://two.example', jwksUrl: second.url, algorithms: ['ES256'] },
    ])
    const good = await verifier.verify(await one.sign(claims('https://one.example')))
    expect(good.issuer).toBe('https://one.example')
    await expect(verifier.verify(await one.sign(claims('https://two.example')))).rejects.toThrow(
      BadCredential,
    )
    await expect(verifier.verify(await two.sign(claims('https://one.example')))).rejects.toThrow(
      BadCredential,
    )
  })

  it('that are not configured cause no request, whatever they claim to be', async () => {
    const key = await makeTestKey('ES256')
    const server = await keyServer([key])
    const verifier = await verifierOf([{ jwksUrl: server.url, algorithms: ['ES256'] }])
    const { origin } = new URL(server.url)
    for (const iss of [
      origin,
      `${issuer}/`,
      `${issuer}/../..`,
      'http://169.254.169.254/',
      `${issuer}@evil.example`,
      issuer.toUpperCase(),
    ]) {
      const header = { jku: server.url, x5u: server.url, jwk: key.publicJwk }
      await expect(verifier.verify(await key.sign(claims(iss), header))).rejects.toThrow(
        'iss is not configured',
      )
    }
    expect(server.requests).toBe(0)
  })

  it('of one name are each tried, so that a secret can be exchanged', async () => {
    const old = 'Zq7!xK2#mV9@bN4$wR6%tY1^uI8&oP3*'
    const verifier = await verifierOf([{ secret }, { secret: old }])
    expect((await verifier.verify(await hmac())).subject).toBe('alice')
    expect((await verifier.verify(await hmac({}, {}, old))).subject).toBe('alice')
    await expect(verifier.verify(await hmac({}, {}, 'x'.repeat(40)))).rejects.toThrow(BadCredential)
  })
})

describe('tokens of the server itself', () => {
  const user = { subject: 'alice', subscribe: ['a'], publish: ['b/*'] }

  it('give back what was put in', async () => {
    const own = ownTokens()
    const verifier = await verifierOf([], own)
    const token = { ...user, tokenId: 'id', issuedAt: 1_700_000_000_123, expiresAt: Date.now() + 5_000 }
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
