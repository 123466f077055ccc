import fc from 'fast-check'
import { SignJWT } from 'jose'
import { expect, it } from 'vitest'
import { BadCredential } from '../bad-credential.ts'
import { readClaims } from './claims.ts'
import { OwnTokens } from './own-tokens.ts'
import { ownTokens, TestSecrets } from './test-tokens.ts'

const now = 1_800_000_000_000
const rules = { clockSkewMs: 0, tokenMaxLifetimeMs: 86_400_000, now }

const word = fc.stringMatching(/^[a-zäß0-9_@:-]{1,12}$/u)
const pattern = fc.array(word, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))
const token = fc.record({
  issuer: fc.webUrl(),
  subject: word,
  tokenId: fc.string({ minLength: 1, maxLength: 40 }),
  issuedAt: fc.integer({ min: 1, max: now }),
  expiresAt: fc.integer({ min: now + 1, max: now + rules.tokenMaxLifetimeMs }),
  subscribe: fc.array(pattern, { maxLength: 8 }),
  publish: fc.array(pattern, { maxLength: 8 }),
})

it('what is put into a token comes out of it, to the millisecond', async () => {
  const own = ownTokens()
  const uses = fc.constantFrom('user', 'session', 'stream')
  await fc.assert(
    fc.asyncProperty(uses, token, async (use, given) => {
      const verified = await own.verify(use, await own.mint(use, given), rules)
      expect(verified).toEqual(use === 'user' ? { ...given, issuer: 'tidings' } : given)
    }),
    { numRuns: 300 },
  )
})

it('a token that was made without an id gets one, and no two the same', async () => {
  const own = ownTokens()
  const given = { subject: 'alice', issuedAt: now, expiresAt: now + 1_000, subscribe: [], publish: [] }
  const ids = new Set<unknown>()
  for (let index = 0; index < 20; index++) {
    ids.add((await own.verify('user', await own.mint('user', given), rules)).tokenId)
  }
  expect(ids.size).toBe(20)
  for (const id of ids) expect(id).toMatch(/^[0-9a-z]{16}$/)
})

it('a token that could not be shown is not made: a header holds 8 KiB of it, a cookie 4', async () => {
  const own = ownTokens()
  const given = (count: number) => ({
    subject: 'alice',
    issuedAt: now,
    expiresAt: now + 1_000,
    subscribe: Array.from({ length: count }, (_, index) => `orders/${index}/`.padEnd(100, 'x')),
    publish: [],
  })
  for (const [use, fits, isTooLong] of [
    ['user', 50, 70],
    ['session', 20, 40],
    ['stream', 20, 40],
  ] as const) {
    expect((await own.verify(use, await own.mint(use, given(fits)), rules)).subscribe).toHaveLength(fits)
    await expect(own.mint(use, given(isTooLong))).rejects.toMatchObject({ code: 'invalid_field' })
  }
})

it('a user keeps their tag in cookies when the secret is exchanged, until the old one counts no longer', async () => {
  const secrets = new TestSecrets()
  const own = new OwnTokens(secrets)
  const [alice, bob] = [await own.tagOf('alice'), await own.tagOf('bob')]
  expect(alice).toMatch(/^[0-9a-z]{8}$/)
  expect(alice).not.toBe(bob)
  secrets.rotate()
  expect(await own.tagOf('alice')).not.toBe(alice)
  expect(own.isTagOf(alice, 'alice')).toBe(true)
  expect(own.isTagOf(await own.tagOf('alice'), 'alice')).toBe(true)
  expect(own.isTagOf(bob, 'alice')).toBe(false)
  secrets.forgetOld()
  expect(own.isTagOf(alice, 'alice')).toBe(false)
})

it('a token that was signed elsewhere by a secret that is not known here yet is looked up, and believed', async () => {
  const elsewhere = new TestSecrets()
  let known: readonly Uint8Array[] = []
  let looks = 0
  const here = new OwnTokens({
    current: () => elsewhere.current(),
    all: () => known,
    async lookAgain() {
      looks++
      known = [...elsewhere.all()]
    },
  })
  const given = { subject: 'alice', issuedAt: now, expiresAt: now + 1_000, subscribe: [], publish: [] }
  const token = await new OwnTokens(elsewhere).mint('user', given)
  expect((await here.verify('user', token, rules)).subject).toBe('alice')
  expect((await here.verify('user', token, rules)).subject).toBe('alice')
  expect(looks).toBe(1)
  elsewhere.rotate()
  const next = await new OwnTokens(elsewhere).mint('user', given)
  expect((await here.verify('user', next, rules)).subject).toBe('alice')
  expect((await here.verify('user', token, rules)).subject).toBe('alice')
  expect(looks).toBe(2)
  await expect(here.verify('user', await ownTokens().mint('user', given), rules)).rejects.toThrow(
    'not signed by',
  )
  expect(looks).toBe(3)
})

it('what is signed by the same secret, but not as our tokens are, is none of them', async () => {
  const secrets = new TestSecrets()
  const own = new OwnTokens(secrets)
  const sign = (header: { alg?: string; typ?: string }, issuer = 'tidings') =>
    new SignJWT({ exp: now / 1_000 + 60 })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header })
      .setIssuer(issuer)
      .setAudience('tidings')
      .setSubject('alice')
      .sign(secrets.current())
  expect((await own.verify('user', await sign({}), rules)).subject).toBe('alice')
  for (const token of [
    await sign({ alg: 'HS512' }),
    await sign({ typ: 'at+jwt' }),
    await sign({}, 'https://id.example'),
  ]) {
    await expect(own.verify('user', token, rules)).rejects.toThrow(BadCredential)
  }
})

it('grants never reach further than they are written', () => {
  const read = (tidings: unknown, sub = 'alice') =>
    readClaims({ iss: 'x', sub, exp: now / 1_000 + 60, tidings }, rules).subscribe
  expect(read({ subscribe: ['orders/{sub}/{sub}-1'] })).toEqual(['orders/alice/alice-1'])
  // Replaced as it stands: "$&" in a name is a name.
  expect(read({ subscribe: ['orders/{sub}'] }, '$&')).toEqual(['orders/$&'])
  expect(read({ subscribe: ['orders/{sub}'] }, '{sub}')).toEqual(['orders/{sub}'])
  // Whoever may choose their own name would choose "user", or "$metrics".
  expect(() => read({ subscribe: ['{sub}/**'] }, 'user')).toThrow(BadCredential)
  expect(() => read({ subscribe: ['{sub}/**'] }, '$metrics')).toThrow(BadCredential)
  expect(() => read({ subscribe: ['x{sub}/**'] })).toThrow(BadCredential)
  // Only strings are patterns: a list that holds one looks like it when it is made to text.
  for (const pattern of [['**'], [['**']], 7, null, true, { toString: '**' }]) {
    expect(() => read({ subscribe: [pattern] })).toThrow(BadCredential)
    expect(() => read({ publish: [pattern] })).toThrow(BadCredential)
  }
  const many = (count: number) => Array.from({ length: count }, (_, index) => `a/${index}`)
  expect(() => read({ subscribe: many(50), publish: many(51) })).toThrow('more than 100')
  expect(read({ subscribe: many(50), publish: many(50) })).toHaveLength(50)
})
