import { generateKeyPairSync } from 'node:crypto'
import type { JWK } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { BadCredential } from '../bad-credential.ts'
import type { ResolvedIssuer } from './issuers.ts'
import { KeySet, keySetLimits } from './key-set.ts'
import { audience, claims, makeTestKey, ownTokens, rawToken, type TestKey } from './test-tokens.ts'
import { closeKeyServers, hmac, issuer, keyServer, rules, secret, verifierOf } from './test-verifier.ts'
import { TokenVerifier } from './token-verifier.ts'

afterEach(closeKeyServers)

/** A key that no one should use any more. */
function weakJwk(): JWK {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 })
  return publicKey.export({ format: 'jwk' }) as JWK
}

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

/** An issuer whose keys are fetched by a clock of the test's own. */
function fetching(url: string, now: () => number): ResolvedIssuer {
  const keys = new KeySet(url, ['ES256'], now)
  return {
    issuer,
    audience,
    algorithms: ['ES256'],
    keysFor: (header) => keys.keysFor(header),
    renewKeys: () => keys.renew(),
  }
}

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
    const verifier = new TokenVerifier([fetching(server.url, () => now)], ownTokens(), rules)
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

  it('are not asked for again by a wrong signature that bears the name of a right key', async () => {
    const [key, other] = [await makeTestKey('ES256'), await makeTestKey('ES256')]
    const server = await keyServer([key])
    let now = 0
    const verifier = new TokenVerifier([fetching(server.url, () => now)], ownTokens(), rules)
    expect((await verifier.verify(await key.sign(claims(issuer)))).subject).toBe('alice')
    const forged = await other.sign(claims(issuer), { kid: key.kid })
    for (let index = 0; index < 5; index++) {
      now += keySetLimits.cooldownMs
      await expect(verifier.verify(forged)).rejects.toThrow('the signature is wrong')
    }
    expect(server.requests).toBe(1)
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
