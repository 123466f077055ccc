import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError } from '../../config/config-error.ts'
import { resolveIssuers } from './issuers.ts'
import { claims, makeTestKey, ownTokens } from './token-fixtures.ts'
import { TokenVerifier } from './token-verifier.ts'

const good = 'pN3v-8Qz!rT6mW2kXb9Ls4Yd7Gh1Jf5C0aE'
const unset = {
  jwtIssuer: '',
  jwtAudience: '',
  jwtAlgorithms: [],
  jwtSecret: '',
  jwtKeyFile: '',
  jwksUrl: '',
  issuers: [],
}
const named = { ...unset, jwtIssuer: 'https://id.example', jwtAudience: 'push.example' }

let folder: string
let rsaPem: string
let privatePem: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-issuers-'))
  const rsa = await makeTestKey('RS256')
  rsaPem = rsa.publicPem
  privatePem = rsa.privatePem
})

afterAll(() => rm(folder, { recursive: true }))

async function file(content: string): Promise<string> {
  const path = join(folder, crypto.randomUUID())
  await writeFile(path, content)
  return path
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
  ])('that %s keeps the server from starting, and is not repeated', async (_, jwtSecret, why) => {
    const message = await mistakesOf({ jwtSecret })
    expect(message).toContain(why)
    expect(message).toContain('openssl rand')
    expect(message).not.toContain(jwtSecret)
  })

  it('that is a public key keeps the server from starting, whatever stands before it', async () => {
    for (const jwtSecret of [rsaPem, `  \n${rsaPem}`, rsaPem.trim()]) {
      expect(await mistakesOf({ jwtSecret, jwtAlgorithms: ['HS256'] })).toContain('is a PEM key')
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
      for (const content of [key.publicPem, `\n ${key.publicPem}`, JSON.stringify(key.publicJwk)]) {
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
    ['nonsense', () => 'nonsense', ['RS256'], 'neither PEM nor JWK'],
    ['broken JSON', () => '{"kty"', ['RS256'], 'neither PEM nor JWK'],
  ])('with %s is refused', async (_, content, jwtAlgorithms, why) => {
    expect(await mistakesOf({ jwtKeyFile: await file(content()), jwtAlgorithms })).toContain(why)
  })

  it('that is not there is refused', async () => {
    const message = await mistakesOf({ jwtKeyFile: join(folder, 'absent'), jwtAlgorithms: ['RS256'] })
    expect(message).toContain('cannot be read')
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
    { issuer: 'b', audience: 'b', algorithms: [], secret: 'weak' },
  ]
  const message = await mistakesOf({ ...unset, issuers })
  expect(message).toMatch(/issuers\[0\].*names no audience/)
  expect(message).toMatch(/issuers\[1\].*shorter than 32 bytes/)
})
