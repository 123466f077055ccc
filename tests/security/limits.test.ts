import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Sample } from '../history/index.ts'
import { Pulse } from '../support/pulse.ts'
import { codeOf, publishRaw, type RawAnswer, sendRaw } from '../support/raw-http.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { expectUnharmed } from './unharmed.ts'

/**
 * How long an attack may hold up everybody else, in milliseconds. Nearly all of it is for the noise of a busy machine: what is
 * quadratic in a megabyte takes minutes.
 */
const standstillMs = 5_000

let server: ServerProcess
let before: Sample

beforeAll(async () => {
  server = await ServerProcess.start()
  // A few requests of each kind, so that what is loaded at the first use does not count as standstill.
  for (let index = 0; index < 20; index++)
    await publishRaw(server.port, '[{"topic":"warm","data":{"a":[1]}}]')
  before = await server.sample()
})

afterAll(async () => {
  try {
    await expectUnharmed(server, before)
  } finally {
    await server[Symbol.asyncDispose]()
  }
})

describe('a subscription that asks for too much is refused', () => {
  it('by the number of its topics', async () => {
    const topics = Array.from({ length: 101 }, (_, index) => `topic=t${index}`).join('&')
    const answer = await sendRaw({ port: server.port, path: `/events?${topics}` })
    expect([answer.status, codeOf(answer)]).toEqual([400, 'too_many_topics'])
  })

  it('by the length of its URL, as ten thousand topics are', async () => {
    const topics = Array.from({ length: 10_000 }, (_, index) => `topic=t${index}`).join('&')
    const answer = await sendRaw({ port: server.port, path: `/events?${topics}` })
    expect([414, 431]).toContain(answer.status)
  })

  it('and one topic a hundred times is one topic', async () => {
    using reader = await SseReader.open({ port: server.port, topics: Array<string>(100).fill('same') })
    await publishRaw(server.port, '[{"topic":"same"},{"topic":"same"}]')
    await reader.hasReceived(2)
    expect(reader.data).toEqual(['null', 'null'])
  })
})

describe('a body that is too much is refused, quickly', () => {
  let pulse: Pulse

  beforeEach(() => {
    pulse = new Pulse(server.port)
    return async () => {
      await pulse[Symbol.asyncDispose]()
      expect(pulse.longest).toBeLessThan(standstillMs)
    }
  })

  const json = 'Content-Type: application/json'
  const post = (body: string | Uint8Array, ...headers: string[]): Promise<RawAnswer> =>
    sendRaw({ port: server.port, method: 'POST', path: '/api/events', headers: [json, ...headers], body })

  it('one byte more than the limit', async () => {
    const frame = '{"topic":"a","data":""}'
    const answer = await post(frame.replace('""', `"${'x'.repeat(1_048_577 - frame.length)}"`))
    expect(answer.status).toBe(413)
  })

  it('an event that is larger than an event may be', async () => {
    const answer = await post(JSON.stringify({ topic: 'a', data: 'x'.repeat(262_143) }))
    expect([answer.status, codeOf(answer)]).toEqual([413, 'event_too_large'])
    expect((await post(JSON.stringify({ topic: 'a', data: 'x'.repeat(262_142) }))).status).toBe(201)
  })

  it('more events than a batch may hold', async () => {
    const answer = await post(JSON.stringify(Array(1_001).fill({ topic: 'a' })))
    expect([answer.status, codeOf(answer)]).toEqual([413, 'too_many_events'])
  })

  it('two megabytes in chunks, which announce no length', async () => {
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    const answer = await post(`${chunk.repeat(32)}0\r\n\r\n`, 'Transfer-Encoding: chunked')
    expect(answer.status).toBe(413)
  })

  it.each([
    ['gzip', gzipSync(Buffer.alloc(10_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(10_000_000))],
  ])('a bomb packed with %s', async (encoding, body) => {
    const answer = await post(body, `Content-Encoding: ${encoding}`)
    expect([answer.status, codeOf(answer)]).toEqual([415, 'unsupported_encoding'])
  })

  it('a hundred thousand levels', async () => {
    const deep = `{"topic":"a","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    const answer = await post(deep)
    expect(answer.status).toBe(400)
    const arrays = await post('['.repeat(500_000))
    expect(arrays.status).toBe(400)
  })

  it('as many keys as fit', async () => {
    const keys = Array.from({ length: 90_000 }, (_, index) => `"k${index}":1`).join()
    expect((await post(`{"topic":"a",${keys}}`)).status).toBe(400)
    expect([201, 413]).toContain(
      (await post(`{"topic":"a","data":{${keys.slice(0, 250_000)},"z":1}}`.replace(/,"[^"]*,"z"/, ',"z"')))
        .status,
    )
  })

  it('keys that are numbers, which some engines keep in slow tables', async () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `"${index * 1_000_003}":1`).join()
    expect([201, 413]).toContain((await post(`{"topic":"a","data":{${keys}}}`)).status)
  })

  it('something else than JSON', async () => {
    for (const type of [
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'text/html',
    ]) {
      const headers = [`Content-Type: ${type}`]
      const answer = await sendRaw({
        port: server.port,
        method: 'POST',
        path: '/api/events',
        headers,
        body: 'a=b',
      })
      expect(answer.status, type).toBe(415)
    }
    expect((await post('{"topic":')).status).toBe(400)
    expect((await post('')).status).toBe(400)
    expect((await post('[]')).status).toBe(400)
    for (const body of ['null', '1', '"a"', '[null]', '[[]]'])
      expect((await post(body)).status, body).toBe(400)
  })
})

describe('patterns and ids made to be slow are not', () => {
  it('patterns with as many wildcards as there can be', async () => {
    const pattern = Array(32).fill('*').join('/')
    const readers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const prefix = Array(index % 31)
          .fill('*')
          .join('/')
        const topics = [pattern, prefix === '' ? '**' : `${prefix}/**`]
        return SseReader.open({ port: server.port, topics })
      }),
    )
    await using pulse = new Pulse(server.port)
    const topic = Array(32).fill('a').join('/')
    for (let round = 0; round < 10; round++) {
      await publishRaw(server.port, JSON.stringify(Array(100).fill({ topic })))
    }
    await Promise.all(readers.map((reader) => reader.hasReceived(1_000)))
    expect(pulse.longest).toBeLessThan(standstillMs)
    for (const reader of readers) reader.close()
  })

  it.each([
    ['a pattern of 100,000 stars', `/events?topic=${'*'.repeat(15_000)}`],
    ['a path of 10,000 segments', `/events/${'a/'.repeat(7_000)}`],
    ['a path of percent signs', `/events/${'%25'.repeat(5_000)}`],
    ['a user id of 15 kB', `/events/${'a'.repeat(15_000)}`],
  ])('%s', async (_, path) => {
    const start = performance.now()
    const { status } = await sendRaw({ port: server.port, path })
    expect([400, 404, 414, 431]).toContain(status)
    expect(performance.now() - start).toBeLessThan(standstillMs)
  })

  it('an Idempotency-Key of 100 kB', async () => {
    const headers = ['Content-Type: application/json', `Idempotency-Key: ${'k'.repeat(100_000)}`]
    const answer = await sendRaw({
      port: server.port,
      method: 'POST',
      path: '/api/events',
      headers,
      body: '{"topic":"a"}',
    })
    expect(answer.status).toBe(431)
    headers[1] = `Idempotency-Key: ${'k'.repeat(256)}`
    const long = await sendRaw({
      port: server.port,
      method: 'POST',
      path: '/api/events',
      headers,
      body: '{"topic":"a"}',
    })
    expect([long.status, codeOf(long)]).toEqual([400, 'invalid_idempotency_key'])
  })
})
