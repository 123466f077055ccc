import { test as always, expect } from 'vitest'
import { type FreshAnswer, freshRequest } from '../support/fresh-request.ts'
import { requireProgram } from '../support/programs.ts'
import { Publisher } from '../support/publisher.ts'
import { RedisServer } from '../support/redis-server.ts'
import { SseReader } from '../support/sse-reader.ts'
import { until } from '../support/until.ts'
import { judge } from '../support/verdict.ts'
import {
  areUp,
  askAll,
  bearerOf,
  childrenOf,
  clientIdOf,
  closeAll,
  countWorkers,
  enough,
  openReaders,
  startWorkers,
} from './worker-server.ts'

const stores: Record<string, () => Promise<{ store?: string } & AsyncDisposable>> = {
  'a file': async () => ({ [Symbol.asyncDispose]: async () => {} }),
  Redis: async () => {
    const redis = await RedisServer.start()
    return { store: redis.url, [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose]() }
  },
}

for (const [kind, openStore] of Object.entries(stores)) {
  const test = always.skipIf(kind === 'Redis' && requireProgram('redis-server') === undefined)

  test(`streams spread over the workers on ${kind}, and what one takes reaches all of them in one order`, async () => {
    await using place = await openStore()
    await using server = await startWorkers(place.store === undefined ? {} : { store: place.store })
    const { port } = server
    const readers = await openReaders(port, ['orders/*'])
    expect(countWorkers(readers)).toBe(2)
    using publisher = new Publisher({ port, name: 'publisher' })
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => publisher.publish({ topic: `orders/${index % 3}` })),
    )
    for (const reader of readers) await reader.hasReceived(200)
    expect(await judge({ server, publishers: [publisher], readers })).toEqual([])
    closeAll(readers)
  })

  test(`every worker on ${kind} counts the streams, users and listeners of all`, async () => {
    await using place = await openStore()
    await using server = await startWorkers(place.store === undefined ? {} : { store: place.store })
    const { port } = server
    // Ten users, each with two streams that may be at different workers.
    const readers = await Promise.all(
      Array.from({ length: enough }, (_, index) =>
        SseReader.open({ port, topics: ['a'], query: { userId: `user-${index % 10}` } }),
      ),
    )
    expect(countWorkers(readers)).toBe(2)
    const count = async () => (await freshRequest({ port, path: '/api/stats' })).json
    await until('the stats of all', async () => (await count()).totalConnections === enough)
    await until('every worker to know them', async () =>
      (await askAll(port, '/api/stats')).every(
        ({ json }) => json.totalConnections === enough && json.uniqueUsers === 10 && json.nodes.length === 2,
      ),
    )
    const areAll = ({ json }: FreshAnswer) => json.includes(`\ntidings_streams ${enough}\n`)
    await until('the metrics of all', async () => (await askAll(port, '/metrics')).every(areAll))
    // A busy machine may keep one from answering in time.
    await until('the presence of all', async () =>
      (await askAll(port, '/api/presence?topic=a&topic=b')).every(
        ({ json: { streams } }) => streams.a === enough && streams.b === 0,
      ),
    )
    await until('broadcasts to count all', async () =>
      (await askAll(port, '/broadcast', { method: 'POST', body: {} })).every(
        ({ json: { streams } }) => streams === enough,
      ),
    )
    closeAll(readers)
    await until('nobody to be left', async () =>
      (await askAll(port, '/api/stats')).every(({ json }) => json.totalConnections === 0),
    )
  })

  test(`a request about a stream on ${kind} reaches the worker that has it, and is judged there`, async () => {
    await using place = await openStore()
    await using server = await startWorkers(place.store === undefined ? {} : { store: place.store })
    const { port } = server
    const alice = await bearerOf(port, 'alice', ['a', 'b'])
    const reader = await SseReader.open({ port, topics: ['a'], headers: alice })
    const path = `/streams/${clientIdOf(reader)}`
    for (const answer of await askAll(port, path, {
      method: 'PATCH',
      headers: alice,
      body: { add: ['b'] },
    })) {
      expect(answer).toMatchObject({ status: 200, json: { topics: ['a', 'b'] } })
    }
    const renewed = await askAll(port, `${path}/token`, {
      method: 'POST',
      headers: await bearerOf(port, 'alice', ['a', 'b']),
    })
    for (const answer of renewed)
      expect(answer).toMatchObject({ status: 200, json: { expiresAt: expect.any(String) } })
    const refusals = [
      { ...(await bearerOf(port, 'bob', ['a', 'b'])), expected: 404 },
      { authorization: 'Bearer wrong', expected: 401 },
      { ...alice, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', expected: 403 },
    ]
    for (const { expected, ...headers } of refusals) {
      const answers = await askAll(port, path, { method: 'PATCH', headers, body: { add: ['b'] } })
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([expected]))
      expect(answers.every(({ headers: { 'content-type': type } }) => type?.includes('problem+json'))).toBe(
        true,
      )
    }
    const gone = path.replace(/\w{12}$/, 'x'.repeat(12))
    for (const answer of await askAll(port, gone, {
      method: 'PATCH',
      headers: alice,
      body: { add: ['b'] },
    })) {
      expect(answer).toMatchObject({ status: 404, json: { code: 'not_found' } })
    }
    await freshRequest({ port, method: 'POST', path: '/api/events', body: { topic: 'b', data: 1 } })
    await reader.hasReceived(1)
    reader.close()
  })

  test(`whoever ends chosen streams on ${kind} ends them at every worker`, async () => {
    await using place = await openStore()
    await using server = await startWorkers(place.store === undefined ? {} : { store: place.store })
    const { port } = server
    const readers = await openReaders(port, ['a'], { headers: await bearerOf(port, 'alice', ['a']) })
    const [only, ...others] = readers
    expect(countWorkers(readers)).toBe(2)
    const end = (body: object) => freshRequest({ port, method: 'POST', path: '/api/admin/revoke', body })
    // Whichever worker gets it, that of the stream or the other. A busy machine may keep one from counting in time.
    expect((await end({ connection: clientIdOf(only!) })).json.ended).toBeLessThanOrEqual(1)
    await until('the one stream to end', () => only!.goodbye?.includes('revoked'))
    const { ended } = (await end({ user: 'alice' })).json
    expect(ended).toBeGreaterThan(0)
    expect(ended).toBeLessThan(enough)
    await until('all others to end', () => others.every(({ goodbye }) => goodbye?.includes('revoked')))
    closeAll(readers)
  })

  test(`a ticket that one worker on ${kind} has issued opens one stream, at whichever worker`, async () => {
    await using place = await openStore()
    await using server = await startWorkers(place.store === undefined ? {} : { store: place.store })
    const { port } = server
    const headers = await bearerOf(port, 'alice', ['a'])
    const tickets = await askAll(port, '/api/tickets', { method: 'POST', headers })
    const readers = await Promise.all(
      tickets.map(({ json: { ticket } }) => SseReader.open({ port, topics: ['a'], query: { ticket } })),
    )
    expect(countWorkers(readers)).toBe(2)
    for (const {
      json: { ticket },
    } of tickets) {
      expect(await freshRequest({ port, path: `/events?topic=a&ticket=${ticket}` })).toMatchObject({
        status: 401,
      })
    }
    closeAll(readers)
  })

  test(`the server's own feeds on ${kind} are published by one worker at a time, and go on when it dies`, async () => {
    await using place = await openStore()
    await using server = await startWorkers({ ...(place.store && { store: place.store }) })
    const { port } = server
    const readers = await openReaders(port, ['$clock'], { reconnect: 'at-once' })
    expect(countWorkers(readers)).toBe(2)
    const seconds = (reader: SseReader) => reader.data.length
    // A second apart, as the clock itself says: twice as many would come if both published, as they may at the start
    // and where a machine is so busy that one does not hear from the other in time.
    await until('four seconds of which only one told', () => {
      const told = readers[0]!.data.map((data) => Date.parse((JSON.parse(data) as { now: string }).now))
      return told.some((at, index) => index >= 6 && at - told[index - 4]! > 2_900)
    })
    // Both in turn: one of them published.
    for (const pid of await childrenOf(server.pid)) {
      process.kill(pid, 'SIGKILL')
      const then = Math.max(...readers.map(seconds))
      await until('it to go on without the one', () => readers.every((reader) => seconds(reader) >= then + 2))
      await areUp(server, 2)
    }
    closeAll(readers)
  })
}
