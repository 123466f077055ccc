import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { exportJWK, generateKeyPair } from 'jose'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KeySet, keySetLimits } from './key-set.ts'
import { type KeyServer, makeTestKey, startKeyServer, type TestKey } from './test-tokens.ts'

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
  now += keySetLimits.cooldownMs - 1
  await expect(find({ kid: 'a-moment-too-early' })).rejects.toThrow('no key')
  expect(server.requests).toBe(2)
  now += 1
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

it('an issuer that is silent, or drips its answer, is waited for as long as it says, once for all', async () => {
  const dripping = await startKeyServer()
  let timer: NodeJS.Timeout | undefined
  server.answer = () => {}
  dripping.answer = (_, response) => {
    timer = setInterval(() => response.write(' '), 200)
  }
  const began = performance.now()
  const both = [keys, new KeySet(dripping.url, ['ES256'])].flatMap((set) => Array<KeySet>(10).fill(set))
  await Promise.all(
    both.map((set) => expect(set.keysFor({ alg: 'ES256' })).rejects.toThrow('could not be fetched')),
  )
  clearInterval(timer)
  expect(performance.now() - began).toBeLessThan(keySetLimits.timeoutMs * 5)
  expect([server.requests, dripping.requests]).toEqual([1, 1])
  await dripping.close()
})

it('an answer that never ends is read to its bound, and hung up on', async () => {
  const hungUp = Promise.withResolvers<number>()
  server.answer = (_, response) => {
    let sent = 0
    const send = () => {
      while (!response.destroyed && response.write(Buffer.alloc(16_384, 'x'))) sent += 16_384
    }
    response.on('drain', send).on('close', () => hungUp.resolve(sent))
    send()
  }
  // One that is waited for until the time is up is refused in other words.
  await expect(find(one)).rejects.toThrow('too large')
  // What the buffers of the system hold comes on top; without a bound it would be gigabytes.
  expect(await hungUp.promise).toBeLessThan(64 * 2 ** 20)
})

it('an answer that unpacks to more than the bound is not unpacked', async () => {
  server.answer = (_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000)))
  }
  await expect(find(one)).rejects.toThrow('too large')
})

it('an issuer that leads elsewhere is not followed there', async () => {
  const elsewhere = await startKeyServer([one.publicJwk])
  for (const status of [301, 302, 303, 307, 308]) {
    server.answer = (_, response) => void response.writeHead(status, { location: elsewhere.url }).end()
    await expect(find(one)).rejects.toThrow('no key')
    now += keySetLimits.cooldownMs
  }
  expect([server.requests, elsewhere.requests]).toEqual([5, 0])
  await elsewhere.close()
})

it.each([201, 203, 204, 304, 404, 503])('an answer of status %i is none', async (status) => {
  server.answer = (_, response) => {
    response.writeHead(status)
    // Keys, where a body may be.
    response.end(status === 204 || status === 304 ? undefined : JSON.stringify({ keys: [one.publicJwk] }))
  }
  await expect(find(one)).rejects.toThrow('no key')
})

it('while there is no key at all, the issuer is asked again soon, but not for each token', async () => {
  server.answer = (_, response) => void response.writeHead(503).end()
  for (let index = 0; index < 50; index++) await expect(find(one)).rejects.toThrow('status 503')
  expect(server.requests).toBe(1)
  server.answer = undefined
  now += keySetLimits.retryMs
  expect(await find(one)).toHaveLength(1)
  expect(server.requests).toBe(2)
})

it('a key is not imported anew for each token', async () => {
  const [first] = await find(one)
  expect((await find(one))[0]).toBe(first)
})

it('a private key that was published by mistake is none', async () => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  server.keys = [{ ...(await exportJWK(privateKey)), kid: 'one' }]
  await expect(find(one)).rejects.toThrow('no key')
})

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

it('no more keys are tried for one token than an issuer has in use', async () => {
  const { kid: _, ...bare } = one.publicJwk
  server.keys = Array.from({ length: 300 }, () => bare)
  expect(await keys.keysFor({ alg: 'ES256' })).toHaveLength(keySetLimits.tries)
})

it('keys are fetched anew on request, once in a cooldown', async () => {
  await find(one)
  expect(await keys.renew()).toBe(false)
  now += keySetLimits.cooldownMs
  expect(await Promise.all([keys.renew(), keys.renew()])).toEqual([true, true])
  expect(await keys.renew()).toBe(false)
  expect(server.requests).toBe(2)
})
