import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KeySet, keySetLimits } from './key-set.ts'
import { type KeyServer, makeTestKey, startKeyServer, type TestKey } from './token-fixtures.ts'

let server: KeyServer
let one: TestKey
let two: TestKey
let now: number
let keys: KeySet

beforeEach(async () => {
  ;[one, two] = [await makeTestKey('ES256', 'one'), await makeTestKey('ES256', 'two')]
  server = await startKeyServer([one.publicJwk])
  now = 1_000_000_000
  keys = new KeySet(server.url, ['ES256'], () => now)
})

afterEach(() => server.close())

const find = ({ kid }: Pick<TestKey, 'kid'>) => keys.keysFor({ alg: 'ES256', kid })

it('keys are fetched once, however many ask at once', async () => {
  const found = await Promise.all(Array.from({ length: 50 }, () => find(one)))
  expect(found.every((each) => each.length === 1)).toBe(true)
  expect(server.requests).toBe(1)
})

it('a flood of unknown keys costs one request in a cooldown', async () => {
  await find(one)
  now += keySetLimits.cooldownMs
  for (let index = 0; index < 200; index++)
    await expect(find({ kid: `made-up-${index}` })).rejects.toThrow('no key')
  expect(server.requests).toBe(2)
  now += keySetLimits.cooldownMs
  await Promise.all(Array.from({ length: 200 }, () => find({ kid: 'nobody' }).catch(() => {})))
  expect(server.requests).toBe(3)
  expect(await find(one)).toHaveLength(1)
})

it('a new key is known after the cooldown at the latest', async () => {
  await find(one)
  server.keys = [one.publicJwk, two.publicJwk]
  await expect(find(two)).rejects.toThrow('no key')
  now += keySetLimits.cooldownMs
  expect(await find(two)).toHaveLength(1)
})

it('a key that was taken back is not believed beyond the greatest age', async () => {
  await find(one)
  server.keys = [two.publicJwk]
  now += keySetLimits.maxAgeMs
  expect(await find(one)).toHaveLength(1)
  now += 1
  await expect(find(one)).rejects.toThrow('no key')
  expect(await find(two)).toHaveLength(1)
})

const failures: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  'answers an error': (_, response) => void response.writeHead(500).end('{}'),
  'hangs up': (request) => void request.socket.destroy(),
  'sends something else': (_, response) => void response.end('<html>'),
  'sends no list': (_, response) => void response.end('{"keys":{}}'),
  'sends ten megabytes': (_, response) => void response.end(`{"keys":[],"x":"${'x'.repeat(10_000_000)}"}`),
  'leads elsewhere': (_, response) => void response.writeHead(302, { location: '/other' }).end(),
}

it.each(Object.keys(failures))(
  'an issuer that %s leaves the known keys in use, for a while',
  async (name) => {
    await find(one)
    const before = server.requests
    server.answer = failures[name]
    now += keySetLimits.maxAgeMs + 1
    expect(await find(one)).toHaveLength(1)
    // One request, and none to where it led.
    expect(server.requests).toBe(before + 1)
    now += keySetLimits.maxStaleMs
    await expect(find(one)).rejects.toThrow('no key')
    server.answer = undefined
    now += keySetLimits.cooldownMs
    expect(await find(one)).toHaveLength(1)
  },
)

it('an issuer that does not answer is waited for as long as it says, and not by everybody anew', async () => {
  server.answer = () => {}
  const began = performance.now()
  await Promise.all(Array.from({ length: 10 }, () => expect(find(one)).rejects.toThrow('no key')))
  expect(performance.now() - began).toBeLessThan(keySetLimits.timeoutMs * 2)
  expect(server.requests).toBe(1)
}, 15_000)

it('secrets, keys to encrypt with, and keys of other algorithms are none', async () => {
  const rsa = await makeTestKey('RS256', 'rsa')
  server.keys = [
    { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0', kid: 'oct', alg: 'HS256' },
    { ...two.publicJwk, use: 'enc' },
    rsa.publicJwk,
    { kid: 'nothing' },
    null as never,
    one.publicJwk,
  ]
  for (const kid of ['oct', 'two', 'rsa', 'nothing']) await expect(find({ kid })).rejects.toThrow('no key')
  expect(await find(one)).toHaveLength(1)
})

it('all keys that fit a token without a name for one are tried', async () => {
  server.keys = [one.publicJwk, two.publicJwk]
  expect(await keys.keysFor({ alg: 'ES256' })).toHaveLength(2)
})
