import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi, type Receipt } from '../../packages/client/src/api.ts'
import { createPublisher } from '../../packages/client/src/publisher.ts'
import { tidings } from '../cli/cli-process.ts'
import { ServerProcess } from '../support/server-process.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { answers, FlakyServer, hangsUp, isSilent, losesTheAnswer } from './flaky-server.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start()
})

afterAll(() => server[Symbol.asyncDispose]())

function topicOf(name: string): string {
  return `${name}/${crypto.randomUUID()}`
}

/** Everything that the log has of a topic, oldest first. */
async function stored(topic: string, url = server.url): Promise<{ id: string; data: unknown }[]> {
  const api = createApi({ url })
  const all: { id: string; data: unknown }[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const page = await api.events({ topics: topic, limit: 1_000, after })
    all.push(...page.events.map(({ id, data }) => ({ id, data })))
    after = page.next
  }
  return all
}

/** How calls came out: their receipts, or their errors. */
async function outcomes(calls: readonly Promise<Receipt>[]): Promise<(Receipt | Error)[]> {
  const settled = await Promise.allSettled(calls)
  return settled.map((result) => (result.status === 'fulfilled' ? result.value : result.reason))
}

function idsOf(results: readonly (Receipt | Error)[]): string[] {
  return results.flatMap((result) => (result instanceof Error ? [] : result.ids))
}

describe('batches', () => {
  it('publishes of one turn go together, in order, and each gets its own ids', async () => {
    await using flaky = await FlakyServer.start(server.url)
    await using publisher = createPublisher({ url: flaky.url })
    const topic = topicOf('together')
    const calls = Array.from({ length: 100 }, (_, n) =>
      publisher.publish(
        n % 3 === 0
          ? [
              { topic, data: n },
              { topic, data: `${n}b` },
            ]
          : { topic, data: n },
      ),
    )
    const receipts = await Promise.all(calls)
    expect(flaky.arrivals).toHaveLength(1)
    expect(receipts.map(({ ids }) => ids.length)).toEqual(receipts.map((_, n) => (n % 3 === 0 ? 2 : 1)))
    const expected = receipts.flatMap((_, n) => (n % 3 === 0 ? [n, `${n}b`] : [n]))
    const events = await stored(topic)
    expect(events.map(({ data }) => data)).toEqual(expected)
    expect(events.map(({ id }) => id)).toEqual(idsOf(receipts))
    expect(receipts[0]).toMatchObject({ durability: 'fsync', isDuplicate: false })
  })

  it('those who come while a request is under way go in the next one', async () => {
    await using flaky = await FlakyServer.start(server.url)
    await using publisher = createPublisher({ url: flaky.url })
    const topic = topicOf('next')
    const first = publisher.publish({ topic, data: 0 })
    await until('the first request', () => flaky.arrivals.length === 1)
    const others = Array.from({ length: 50 }, (_, n) => publisher.publish({ topic, data: n + 1 }))
    await Promise.all([first, ...others])
    expect(flaky.arrivals).toHaveLength(2)
    expect((await stored(topic)).map(({ data }) => data)).toEqual(Array.from({ length: 51 }, (_, n) => n))
  })

  it('a request holds no more events and bytes than was said, unless one call alone is larger', async () => {
    await using flaky = await FlakyServer.start(server.url)
    await using publisher = createPublisher({ url: flaky.url, maxBatchEvents: 7, maxBatchBytes: 1_000 })
    const topic = topicOf('bounded')
    const calls = [
      ...Array.from({ length: 20 }, (_, n) => publisher.publish({ topic, data: n })),
      ...Array.from({ length: 5 }, (_, n) => publisher.publish({ topic, data: `${n}${'ä'.repeat(200)}` })),
      publisher.publish(Array.from({ length: 9 }, (_, n) => ({ topic, data: n }))),
      publisher.publish({ topic, data: 'x'.repeat(2_000) }),
    ]
    const ids = idsOf(await outcomes(calls))
    const bodies = flaky.arrivals.map(({ body }) => ({
      events: (JSON.parse(body) as unknown[]).length,
      bytes: Buffer.byteLength(body),
    }))
    expect(bodies.filter(({ events }) => events > 7)).toHaveLength(1)
    expect(bodies.filter(({ bytes }) => bytes > 1_001)).toHaveLength(1)
    expect(bodies.some(({ events }) => events === 7)).toBe(true)
    expect((await stored(topic)).map(({ id }) => id)).toEqual(ids)
  })

  it('what is done to an event after it was published changes nothing', async () => {
    await using publisher = createPublisher({ url: server.url })
    const topic = topicOf('frozen')
    const data = { n: 1 }
    const call = publisher.publish({ topic, data })
    data.n = 2
    await call
    expect((await stored(topic)).map((event) => event.data)).toEqual([{ n: 1 }])
  })

  it("events under a key of the caller's go alone, and are stored once", async () => {
    await using flaky = await FlakyServer.start(server.url)
    await using publisher = createPublisher({ url: flaky.url })
    const topic = topicOf('keyed')
    const idempotencyKey = crypto.randomUUID()
    const calls = [
      publisher.publish({ topic, data: 1 }),
      publisher.publish({ topic, data: 2 }, { idempotencyKey }),
      publisher.publish({ topic, data: 3 }),
      publisher.publish({ topic, data: 2 }, { idempotencyKey }),
    ]
    const receipts = await Promise.all(calls)
    expect(receipts[3]).toEqual({ ...receipts[1], isDuplicate: true })
    expect((await stored(topic)).map(({ data }) => data)).toEqual([1, 2, 3])
    expect(flaky.keys[1]).toBe(idempotencyKey)
  })
})

describe('what is wrong with one call is told to that call alone', () => {
  it('when the server refuses an event', async () => {
    await using flaky = await FlakyServer.start(server.url)
    await using publisher = createPublisher({ url: flaky.url })
    const topic = topicOf('mixed')
    const isBad = (n: number) => n === 17 || n === 63
    const calls = Array.from({ length: 100 }, (_, n) =>
      publisher.publish({ topic: isBad(n) ? 'white space' : topic, data: n }),
    )
    const results = await outcomes(calls)
    for (const [n, result] of results.entries()) {
      if (!isBad(n)) expect(result).toMatchObject({ ids: [expect.any(String)] })
      else expect(result).toMatchObject({ status: 400, code: 'invalid_topic', field: 'topic' })
    }
    const events = await stored(topic)
    expect(events.map(({ data }) => data)).toEqual(calls.flatMap((_, n) => (isBad(n) ? [] : [n])))
    expect(events.map(({ id }) => id)).toEqual(idsOf(results))
    // Halving twice over: far fewer than one request for each call.
    expect(flaky.arrivals.length).toBeLessThan(32)
  })

  it('when it is no JSON, or empty', async () => {
    await using publisher = createPublisher({ url: server.url })
    const topic = topicOf('odd')
    const [good, big, none, missing] = await outcomes([
      publisher.publish({ topic, data: 1 }),
      publisher.publish({ topic, data: 1n }),
      publisher.publish([]),
      publisher.publish([undefined as never]),
    ])
    expect(good).toMatchObject({ ids: [expect.any(String)] })
    expect(big).toBeInstanceOf(TypeError)
    expect(none).toMatchObject({ code: 'invalid_field' })
    expect(missing).toMatchObject({ code: 'invalid_field' })
  })

  it('a server that takes smaller batches gets smaller batches', async () => {
    await using small = await ServerProcess.start({ settings: { maxBatchEvents: 10 } })
    await using flaky = await FlakyServer.start(small.url)
    await using publisher = createPublisher({ url: flaky.url })
    const topic = topicOf('small')
    for (const from of [0, 100]) {
      flaky.arrivals.length = 0
      await Promise.all(Array.from({ length: 100 }, (_, n) => publisher.publish({ topic, data: from + n })))
    }
    // It was refused the first time only.
    const sizes = flaky.arrivals.map(({ body }) => (JSON.parse(body) as unknown[]).length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10)
    const numbers = Array.from({ length: 200 }, (_, n) => n)
    expect((await stored(topic, small.url)).map(({ data }) => data)).toEqual(numbers)
  })
})

describe('troubles of the server', () => {
  it.each([
    ['it hangs up', hangsUp],
    ['it hangs up after it has stored', losesTheAnswer],
    ['it is shutting down', answers(503, 'draining')],
  ])('a batch is sent again under its one key when %s', async (_, fault) => {
    await using flaky = await FlakyServer.start(server.url, [fault, fault])
    await using publisher = createPublisher({ url: flaky.url })
    const topic = topicOf('again')
    const receipts = await Promise.all([1, 2, 3].map((data) => publisher.publish({ topic, data })))
    expect(flaky.arrivals).toHaveLength(3)
    expect(new Set(flaky.keys).size).toBe(1)
    expect((await stored(topic)).map(({ id }) => id)).toEqual(idsOf(receipts))
  })

  it('publishes outlive a restart of the server', async () => {
    await using other = await ServerProcess.start()
    // Pauses are of random length, and nobody knows how long a start takes.
    await using publisher = createPublisher({ url: other.url, tries: 100 })
    const topic = topicOf('restart')
    await publisher.publish({ topic, data: 0 })
    await other.kill()
    const calls = [1, 2, 3].map((data) => publisher.publish({ topic, data }))
    await other.start()
    await Promise.all(calls)
    expect((await stored(topic, other.url)).map(({ data }) => data)).toEqual([0, 1, 2, 3])
  })

  it('a trouble that says nothing about the events fails the batch at once, not one by one', async () => {
    await using flaky = await FlakyServer.start(server.url)
    await using publisher = createPublisher({ url: flaky.url, key: 'tdk_wrong' })
    const calls = Array.from({ length: 20 }, () => publisher.publish({ topic: 'a' }))
    for (const result of await outcomes(calls)) expect(result).toMatchObject({ code: 'unauthorized' })
    expect(flaky.arrivals).toHaveLength(1)
  })
})

describe('bounds', () => {
  it('more may not wait than was said, and what waits already is not harmed', async () => {
    await using publisher = createPublisher({ url: server.url, maxWaitingEvents: 10, maxWaitingBytes: 2_000 })
    const topic = topicOf('full')
    const calls = Array.from({ length: 12 }, (_, data) => publisher.publish({ topic, data }))
    const results = await outcomes(calls)
    expect(results.slice(10)).toMatchObject(Array(2).fill({ status: 0, code: 'overflow' }))
    expect((results[10] as Error).message).toMatch(/^10 events \(\d+ bytes\) wait/)
    expect((await stored(topic)).map(({ id }) => id)).toEqual(idsOf(results))

    const large = { topic, data: 'x'.repeat(3_000) }
    const [alone, second] = await outcomes([publisher.publish(large), publisher.publish(large)])
    expect(alone).toMatchObject({ ids: [expect.any(String)] })
    expect(second).toMatchObject({ code: 'overflow' })

    // What was sent has left its room behind.
    const half = { topic, data: 'x'.repeat(800) }
    for (let n = 0; n < 8; n++) await Promise.all([publisher.publish(half), publisher.publish(half)])
  })

  it('of many notifications only a few are under way at once', async () => {
    let underWay = 0
    let most = 0
    await using publisher = createPublisher({
      url: server.url,
      fetch: async (input, init) => {
        most = Math.max(most, ++underWay)
        try {
          return await fetch(input, init)
        } finally {
          underWay -= 1
        }
      },
    })
    const user = crypto.randomUUID()
    const note = { type: 'info', title: 'Hello', message: 'World' } as const
    await Promise.all(Array.from({ length: 60 }, () => publisher.notify(user, note)))
    expect(most).toBe(16)
    expect(
      (await createApi({ url: server.url }).notifications(user, { limit: 100 })).notifications,
    ).toHaveLength(60)
  })
})

describe('the end', () => {
  it('flush waits for what was given, good or bad', async () => {
    await using flaky = await FlakyServer.start(server.url, [hangsUp])
    await using publisher = createPublisher({ url: flaky.url })
    const topic = topicOf('flushed')
    const settled: string[] = []
    void publisher.publish({ topic }).then(() => settled.push('good'))
    publisher.publish({ topic: 'b a d' }).catch(() => settled.push('bad'))
    void publisher.update(1).then(() => settled.push('update'))
    await publisher.flush()
    expect(settled.sort()).toEqual(['bad', 'good', 'update'])
    await publisher.flush()
  })

  it('close and the end of a scope send what waits, and then take nothing more', async () => {
    const topic = topicOf('closed')
    const publisher = createPublisher({ url: server.url })
    {
      await using scoped = publisher
      void scoped.publish({ topic, data: 1 })
      void scoped.publish({ topic, data: 2 })
    }
    expect((await stored(topic)).map(({ data }) => data)).toEqual([1, 2])
    await expect(publisher.publish({ topic })).rejects.toMatchObject({ code: 'closed' })
    await expect(publisher.update(1)).rejects.toMatchObject({ code: 'closed' })
    await publisher.close()
  })

  it('a call that is aborted while it waits is not sent; the others are', async () => {
    await using flaky = await FlakyServer.start(server.url)
    await using publisher = createPublisher({ url: flaky.url })
    const topic = topicOf('aborted')
    const abort = new AbortController()
    const calls = [
      publisher.publish({ topic, data: 1 }),
      publisher.publish({ topic, data: 2 }, { signal: abort.signal }),
      publisher.publish({ topic, data: 3 }),
    ]
    abort.abort('changed my mind')
    const late = publisher.publish({ topic, data: 4 }, { signal: abort.signal })
    const [, second] = await Promise.allSettled([...calls, late])
    expect(second).toMatchObject({ reason: 'changed my mind' })
    await expect(late).rejects.toBe('changed my mind')
    expect((await stored(topic)).map(({ data }) => data)).toEqual([1, 3])
  })

  it('when its signal aborts, all that waits ends with the reason', async () => {
    await using flaky = await FlakyServer.start(server.url, [isSilent])
    const abort = new AbortController()
    const publisher = createPublisher({ url: flaky.url, signal: abort.signal, maxBatchEvents: 1 })
    const calls = [1, 2, 3].map((data) => publisher.publish({ topic: 'a', data }))
    await until('the first request', () => flaky.arrivals.length === 1)
    abort.abort('over')
    for (const result of await Promise.allSettled(calls)) expect(result).toMatchObject({ reason: 'over' })
    await publisher.close()
    expect(flaky.arrivals).toHaveLength(1)
  })
})

it('a key of the server opens what it grants, and one event that it does not grant fails alone', async () => {
  await using production = await ServerProcess.start({ settings: { dev: 'off' } })
  const made = await tidings([
    'keys',
    'create',
    '--data',
    production.data,
    '--name',
    'app',
    '--publish',
    'orders/**',
  ])
  const key = made.stdout.trim()
  await using publisher = createPublisher({ url: production.url, key })
  const results = await outcomes(
    ['orders/1', 'secrets', 'orders/2'].map((topic) => publisher.publish({ topic })),
  )
  expect(results).toMatchObject([
    { durability: 'fsync' },
    { status: 403, code: 'forbidden' },
    { durability: 'fsync' },
  ])
  expect(() => createPublisher({ url: production.url, key: '' })).toThrow(TypeError)
})

/** What happens on the way to the server. */
type Step = { publish: number } | { cut: 'RST' | 'FIN' } | { pause: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ publish: fc.integer({ min: 1, max: 20 }) }) },
    { weight: 2, arbitrary: fc.record({ cut: fc.constantFrom('RST' as const, 'FIN' as const) }) },
    { weight: 2, arbitrary: fc.record({ pause: fc.integer({ min: 0, max: 15 }) }) },
  ),
  { minLength: 5, maxLength: 25 },
)

it('whatever is cut: each acknowledged event is stored once, and all in the order of the calls', async () => {
  await using proxy = await TcpProxy.start(server.port)
  const url = `http://127.0.0.1:${proxy.port}`
  let cuts = 0
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      await using publisher = createPublisher({ url, tries: 100, maxBatchEvents: 16 })
      const topic = topicOf('cut')
      const calls: Promise<Receipt>[] = []
      for (const step of script) {
        if ('publish' in step) {
          for (let n = 0; n < step.publish; n++) calls.push(publisher.publish({ topic, data: calls.length }))
        } else if ('cut' in step) {
          cuts += proxy.size
          proxy.cut(step.cut)
        } else {
          const end = performance.now() + step.pause
          await until('a moment to pass', () => performance.now() >= end, { everyMs: 1 })
        }
      }
      const receipts = await Promise.all(calls)
      const events = await stored(topic)
      expect(events.map(({ data }) => data)).toEqual(calls.map((_, n) => n))
      expect(events.map(({ id }) => id)).toEqual(idsOf(receipts))
    }),
    { numRuns: 25 },
  )
  // How many connections there are to cut is up to how quick the machine is.
  expect(cuts).toBeGreaterThan(0)
})
