import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError } from '../../config/config-error.ts'
import { hasIssuers, resolveIssuers } from './issuers.ts'
import { claims, makeTestKey, ownTokens } from './test-tokens.ts'
import { secret as good, unset } from './test-verifier.ts'
import { TokenVerifier } from './token-verifier.ts'

const named = { ...unset, jwtIssuer: 'https://id.example', jwtAudience: 'push.example' }

let folder: string
let rsaPem: string
let rsaJwk: JWK
let privatePem: string
let privateJwk: JWK

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-issuers-'))
  const rsa = await makeTestKey('RS256')
  rsaPem = rsa.publicPem
  rsaJwk = rsa.publicJwk
  privatePem = rsa.privatePem
  privateJwk = createPrivateKey(privatePem).export({ format: 'jwk' }) as JWK
})

afterAll(() => rm(folder, { recursive: true }))

async function file(content: string): Promise<string> {
  const path = join(folder, crypto.randomUUID())
  await writeFile(path, content)
  return path
}

function shortPem(): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 })
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

async function mistakesOf(settings: object): Promise<string> {
  try {
    await resolveIssuers({ ...named, ...settings })
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

describe('a secret', () => {
  it.each([
    ['is short', 'tiny-9-Xy', 'shorter than 32 bytes'],
    ['stands on jwt.io', 'a-string-secret-at-least-256-bits-long', 'stands in examples'],
    ['was to be changed', 'change-me-please-change-me-please-!', 'stands in examples'],
    ['is a word', 'super-secret-super-secret-super-secret', 'stands in examples'],
    ['repeats few characters', 'abcabcabcabcabcabcabcabcabcabcabcabc', 'repeats few characters'],
    ['repeats itself', 'k3Vx9TzQm2LpWd7k3Vx9TzQm2LpWd7k3Vx9Tz', 'repeats itself'],
    ['is the row of keys', 'abcdefghijklmnopqrstuvwxyz0123456789', 'stands in examples'],
    ['came with another server', '!ChangeThisMercureHubJWTSecretKey!', 'stands in examples'],
    ['says what it should be', 'your_jwt_secret_key_here_minimum_32_chars', 'stands in examples'],
    ['says that it is one', 'ThisIsASecretKeyForMyTokensThatIsLong', 'stands in examples'],
  ])('that %s keeps the server from starting, and is not repeated', async (_, jwtSecret, why) => {
    const message = await mistakesOf({ jwtSecret })
    expect(message).toContain(why)
    expect(message).toContain('openssl rand')
    expect(message).not.toContain(jwtSecret)
  })

  it('that is a public key keeps the server from starting, whatever stands before it', async () => {
    for (const jwtSecret of [rsaPem, `  \n${rsaPem}`, rsaPem.trim()]) {
      const message = await mistakesOf({ jwtSecret, jwtAlgorithms: ['HS256'] })
      expect(message).toContain('is a PEM key')
      expect(message).not.toContain('MII')
    }
  })

  it('that is a public key in another form keeps the server from starting too', async () => {
    const { publicJwk, publicPem } = await makeTestKey('ES256')
    const der = publicPem.replaceAll(/-----.*-----|\s/g, '')
    const openSsh = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGRldmljZS1rZXktbm90LXJlYWwtMTIzNDU2 a@b'
    for (const jwtSecret of [der, JSON.stringify(publicJwk), openSsh]) {
      const message = await mistakesOf({ jwtSecret })
      expect(message).toContain('is a public key')
      expect(message).not.toContain(jwtSecret)
    }
  })

  it('that is random is never refused', async () => {
    for (let index = 0; index < 200; index++) {
      const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(48)))
      for (const jwtSecret of [
        bytes.toString('base64'),
        bytes.toString('base64url'),
        bytes.toString('hex'),
      ]) {
        expect(await mistakesOf({ jwtSecret })).toBe('')
      }
    }
  })

  it('goes with HS256 alone', async () => {
    expect(await mistakesOf({ jwtSecret: good, jwtAlgorithms: ['HS256', 'RS256'] })).toContain(
      'only HS256 works',
    )
    expect(await mistakesOf({ jwtSecret: good, jwtAlgorithms: ['HS256'] })).toBe('')
    expect(await mistakesOf({ jwtSecret: good })).toBe('')
  })
})

describe('a key file', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)(
    'with a public key for %s, as PEM or JWK, checks tokens',
    async (alg) => {
      const key = await makeTestKey(alg)
      const { alg: _, kid: __, ...bareJwk } = key.publicJwk
      const jwks = [key.publicJwk, bareJwk].map((jwk) => JSON.stringify(jwk))
      for (const content of [key.publicPem, `\n ${key.publicPem}`, ...jwks]) {
        const settings = { ...named, jwtKeyFile: await file(content), jwtAlgorithms: [alg] }
        const rules = { clockSkewMs: 0, tokenMaxLifetimeMs: 86_400_000 }
        const verifier = new TokenVerifier(await resolveIssuers(settings), ownTokens(), rules)
        expect((await verifier.verify(await key.sign(claims('https://id.example')))).subject).toBe('alice')
      }
    },
  )

  it('never goes with HS256: the public key would be the secret', async () => {
    const jwtKeyFile = await file(rsaPem)
    expect(await mistakesOf({ jwtKeyFile, jwtAlgorithms: ['HS256'] })).toContain(
      'HS256, which needs a secret',
    )
    expect(await mistakesOf({ jwtKeyFile, jwtAlgorithms: ['RS256', 'HS256'] })).toContain('HS256')
  })

  it.each([
    ['the algorithm of another key', () => rsaPem, ['ES256'], 'fits RS256'],
    ['a private key', () => privatePem, ['RS256'], 'a private key'],
    ['a private key after the public one', () => `${rsaPem}\n${privatePem}`, ['RS256'], 'a private key'],
    ['a private key as JWK', () => JSON.stringify(privateJwk), ['RS256'], 'a private key'],
    ['a secret as JWK', () => '{"kty":"oct","k":"c2VjcmV0"}', ['RS256'], 'a private key'],
    ['several keys', () => `${rsaPem}\n${rsaPem}`, ['RS256'], 'several keys'],
    [
      'a key to encrypt with',
      () => JSON.stringify({ ...rsaJwk, use: 'enc' }),
      ['RS256'],
      'not for signatures',
    ],
    [
      'a key for another algorithm',
      () => JSON.stringify({ ...rsaJwk, alg: 'PS256' }),
      ['RS256'],
      'another alg',
    ],
    ['a key that is too short', () => shortPem(), ['RS256'], 'fits no algorithm'],
    ['more than a key', () => 'x'.repeat(70_000), ['RS256'], 'over 65536 bytes'],
    ['nonsense', () => 'nonsense', ['RS256'], 'neither PEM nor JWK'],
    ['broken JSON', () => '{"kty"', ['RS256'], 'neither PEM nor JWK'],
  ])('with %s is refused', async (_, content, jwtAlgorithms, why) => {
    const message = await mistakesOf({ jwtKeyFile: await file(content()), jwtAlgorithms })
    expect(message).toContain(why)
    expect(message).not.toContain(content())
  })

  it('that is not there is refused', async () => {
    const message = await mistakesOf({ jwtKeyFile: join(folder, 'absent'), jwtAlgorithms: ['RS256'] })
    expect(message).toContain('does not exist')
    expect(await mistakesOf({ jwtKeyFile: folder, jwtAlgorithms: ['RS256'] })).toContain(
      'cannot be read (EISDIR)',
    )
  })

  it('that never ends is not read for ever', async () => {
    const message = await mistakesOf({ jwtKeyFile: '/dev/zero', jwtAlgorithms: ['RS256'] })
    expect(message).toContain('over 65536 bytes')
  })

  it('is a path: who gives the key itself is told so, and it is not repeated', async () => {
    for (const jwtKeyFile of [privatePem, JSON.stringify(privateJwk)]) {
      const message = await mistakesOf({ jwtKeyFile, jwtAlgorithms: ['RS256'] })
      expect(message).toContain('holds a key')
      expect(message).not.toMatch(/BEGIN|"d"/)
    }
  })
})

it.each([
  ['no issuer', { jwtIssuer: '', jwtSecret: good }, 'names no issuer'],
  ['no audience', { jwtAudience: '', jwtSecret: good }, 'names no audience'],
  ['nothing to check with', {}, 'exactly one of'],
  ['two things to check with', { jwtSecret: good, jwksUrl: 'https://id.example/keys' }, 'exactly one of'],
  ['no algorithms', { jwksUrl: 'https://id.example/keys' }, 'names no algorithms'],
  ["the server's own name", { jwtIssuer: 'tidings', jwtSecret: good }, "this server's own"],
])('an issuer with %s is refused', async (_, settings, why) => {
  expect(await mistakesOf(settings)).toContain(why)
})

it('all mistakes are told at once, each by the name of its issuer', async () => {
  const issuers = [
    { issuer: 'a', audience: '', algorithms: [], secret: good },
    { issuer: 'b', audience: 'b', algorithms: ['RS256'] as const, secret: 'weak' },
  ]
  const message = await mistakesOf({ ...unset, jwtSecret: 'weak too', issuers })
  expect(message.split('\n').map((line) => line.trim())).toEqual([
    '6 settings are wrong:',
    expect.stringMatching(/^jwtIssuer .*names no issuer/),
    expect.stringMatching(/^jwtAudience .*names no audience/),
    expect.stringMatching(/^jwtSecret .*shorter than 32 bytes/),
    expect.stringMatching(/^issuers\[0\].audience .*names no audience/),
    expect.stringMatching(/^issuers\[1\].algorithms .*only HS256/),
    expect.stringMatching(/^issuers\[1\].secret .*shorter than 32 bytes/),
  ])
})

it('an issuer in the list may fetch its keys only where nobody on the way can exchange them', async () => {
  const from = (jwksUrl: string) => {
    const one = { issuer: 'a', audience: 'a', algorithms: ['ES256'], jwksUrl }
    return mistakesOf({ ...unset, issuers: [one] })
  }
  for (const url of [
    'http://id.example/keys',
    'file:///etc/keys',
    'https://user:pass-word@id.example/',
    'keys',
  ]) {
    const message = await from(url)
    expect(message).toMatch(/^issuers\[0\].jwksUrl .*https/)
    expect(message).not.toContain(url)
  }
  expect(await from('')).toContain('exactly one of')
  expect(await from('https://id.example/keys')).toBe('')
  expect(await from('http://127.0.0.1:9/keys')).toBe('')
  expect(await from('http://[::1]:9/keys')).toBe('')
  expect(await from('http://[::2]:9/keys')).toContain('https')
})

it('an issuer in the list alone is one too', () => {
  expect(
    hasIssuers({ ...unset, issuers: [{ issuer: 'a', audience: 'a', algorithms: [], secret: good }] }),
  ).toBe(true)
})

it('a part of an issuer is one, so that nobody is let in unasked for want of the rest', async () => {
  expect(hasIssuers(unset)).toBe(false)
  for (const part of [
    { jwtIssuer: 'a' },
    { jwtAudience: 'a' },
    { jwtAlgorithms: ['ES256'] },
    { jwtSecret: 'a' },
    { jwtKeyFile: 'a' },
    { jwksUrl: 'https://id.example/keys' },
  ]) {
    expect(hasIssuers({ ...unset, ...part })).toBe(true)
    await expect(resolveIssuers({ ...unset, ...part })).rejects.toThrow(ConfigError)
  }
})
