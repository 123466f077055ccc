import {
  BadServer,
  halfEvent,
  malformedControlData,
  numbered,
  stream,
  textOf,
} from '@tidings/conformance/bad-server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { publishRaw } from '../support/raw-http.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { readLog } from '../support/verdict.ts'
import { HeardStream } from './heard-stream.ts'
import { publish } from './posting.ts'

let server: BadServer

beforeAll(async () => {
  server = await BadServer.start()
})

afterAll(() => server[Symbol.asyncDispose]())

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
})

afterEach(() => {
  vi.restoreAllMocks()
})

const ends = { ending: 'end' } as const

describe('a server that is not Tidings', () => {
  test('is live, and events have what the standard knows', async () => {
    const url = server.script(stream('id: a\nevent: update\ndata: {"x":1}\n\ndata: text\n\n'))
    await using heard = new HeardStream({ url })
    await heard.has(2)
    expect(heard.events).toMatchObject([
      { id: 'a', type: 'update', data: { x: 1 }, text: '{"x":1}', topic: undefined, isReplayed: false },
      { id: '', type: 'message', data: 'text', topic: undefined },
    ])
    await heard.is('live')
    await until('the place', () => heard.status.lastEventId === 'a')
    expect(heard.status).toMatchObject({ clientId: undefined, gap: undefined, awaySinceMs: undefined })
  })

  test('goes on from its own ids, and is live again as soon as something arrives', async () => {
    const url = server.script(halfEvent('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\ndata: 3', 100), numbered(4))
    await using heard = new HeardStream({ url })
    await heard.has(4)
    expect(heard.data).toEqual([1, 2, 3, 4])
    expect(server.requestsTo(url)[1]!.headers['last-event-id']).toBe('2')
    expect(heard.states).toEqual(['connecting', 'live', 'waiting', 'connecting', 'catching-up', 'live'])
    expect(heard.events.some(({ isReplayed }) => isReplayed)).toBe(false)
  })

  test('may use an id for more than one event', async () => {
    const url = server.script(
      stream('id: a\ndata: 1\n\nid: a\ndata: 2\n\n', ends),
      stream('id: a\ndata: 3\n\n'),
    )
    await using heard = new HeardStream({ url })
    await heard.has(3)
    expect(heard.data).toEqual([1, 2, 3])
  })

  test('goes on from an id of any letters, as bytes of UTF-8', async () => {
    const url = server.script(stream('id: größe-日本-🙂\ndata: 1\n\n', ends), stream('data: 2\n\n'))
    await using heard = new HeardStream({ url })
    await heard.has(2)
    expect(textOf(server.requestsTo(url)[1]!.headers['last-event-id'])).toBe('größe-日本-🙂')
  })

  test('takes its id back with an empty one', async () => {
    const url = server.script(stream('id: a\ndata: 1\n\nid\n\n', ends), stream('data: 2\n\n'))
    await using heard = new HeardStream({ url })
    await heard.has(2)
    expect(server.requestsTo(url)[1]!.headers).not.toHaveProperty('last-event-id')
  })

  test('may call its events what ours are called', async () => {
    const names = ['connected', 'live', 'gap', 'expiring', 'goodbye', 'constructor', 'toString', '__proto__']
    const body = names.map((name) => `event: ${name}\ndata: {"reason":"mine"}\n\n`).join('')
    await using heard = new HeardStream({ url: server.script(stream(body)) })
    const connected: unknown[] = []
    heard.stream.on('connected', (value) => connected.push(value))
    await heard.has(names.length)
    expect(heard.events.map(({ type }) => type)).toEqual(names)
    expect(connected).toEqual([heard.events[0]])
    expect(heard.status).toMatchObject({ state: 'live', gap: undefined, trouble: undefined })
  })

  test('is connected to anew for other topics', async () => {
    const url = server.script(numbered(1), numbered(2))
    await using heard = new HeardStream({ url, topics: ['a'] })
    await heard.has(1)
    await heard.stream.add('b')
    await heard.has(2)
    expect(server.requestsTo(url)[1]!.target).toMatch(/\?topic=a&topic=b$/)
  })
})

describe('a Tidings server', () => {
  const begin = 'event: connected\ndata: {"clientId":"c","resumed":true,"cursor":"a","heartbeatMs":60000}\n\n'
  const event = (id: number) => `id: ${id}\ntopic: t\ndata: ${id}\n\n`

  test('that sends an event twice, on one connection or on two, is heard once', async () => {
    const url = server.script(
      stream(begin + event(1) + event(1) + event(2), ends),
      stream(begin + event(2) + event(1) + event(3)),
    )
    await using heard = new HeardStream({ url })
    await until('the newest', () => heard.data.includes(3))
    expect(heard.data).toEqual([1, 2, 3])
  })
})

describe('control events of malformed data', () => {
  test.each(malformedControlData)('%s', async (data) => {
    const begin =
      'event: connected\ndata: {"clientId":"c","resumed":false,"cursor":"a","heartbeatMs":60000}\n\n'
    // One that ends the stream, or has it die at once, is obeyed; whatever follows is not lost.
    for (const type of ['live', 'gap', 'expiring', 'goodbye']) {
      const url = server.script(
        stream(`${begin}event: ${type}\ndata: ${data}\n\ndata: 1\n\n`),
        stream('data: 1\n\n'),
      )
      await using heard = new HeardStream({ url })
      await until(
        () => `the event after ${type}; ${JSON.stringify(heard.status)}`,
        () => heard.data.includes(1),
      )
      expect(heard.codes).not.toContain('application')
    }
  })
})

describe('a gap', () => {
  test('is an event that says what is missing, stands in the status, and can be dismissed', async () => {
    await using tidings = await ServerProcess.start()
    await using heard = new HeardStream({
      url: `${tidings.url}/events`,
      topics: ['orders'],
      lastEventId: 'othertenan.5.zzzzz',
    })
    const gaps: unknown[] = []
    heard.stream.on('gap', (gap) => gaps.push(gap))
    await heard.is('live')
    await until('the gap', () => gaps.length === 1)
    expect(gaps[0]).toMatchObject({ reason: 'epoch', from: 'othertenan.5.zzzzz', missed: null })
    expect(heard.status.gap).toEqual(gaps[0])
    const before = heard.status
    heard.stream.dismissGap()
    expect(heard.status).not.toBe(before)
    expect(heard.status.gap).toBeUndefined()
    expect(heard.events).toEqual([])
    await publishRaw(tidings.port, '{"topic":"orders","data":1}')
    await heard.has(1)
  })

  test('comes before what is left', async () => {
    await using tidings = await ServerProcess.start({
      settings: { retentionEvents: 10, heartbeatMs: 200, tailBytes: 0 },
    })
    const ids = await publish(
      tidings.url,
      Array.from({ length: 25 }, (_, data) => ({ topic: 'orders', data })),
    )
    await until('retention', async () => (await readLog(tidings.url)).trimmedThrough === 15)
    const order: unknown[] = []
    await using heard = new HeardStream({
      url: `${tidings.url}/events`,
      topics: ['orders'],
      lastEventId: ids[0],
    })
    heard.stream.on('gap', (gap) => order.push(gap))
    heard.stream.on('*', ({ data }) => order.push(data))
    await heard.is('live')
    const gap = { reason: 'trimmed', from: ids[0], to: ids[14], missed: 14 }
    expect(order).toEqual([gap, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24])
    expect(heard.events.every(({ isReplayed }) => isReplayed)).toBe(true)
    expect(heard.status.gap).toEqual(gap)
  })
})

describe('where a stream begins', () => {
  test('with the last ones', async () => {
    await using tidings = await ServerProcess.start()
    const ids = await publish(
      tidings.url,
      Array.from({ length: 10 }, (_, data) => ({ topic: 'orders', data })),
    )
    await using heard = new HeardStream({ url: `${tidings.url}/events`, topics: ['orders'], last: 3 })
    await heard.is('live')
    expect(heard.data).toEqual([7, 8, 9])
    expect(heard.states).toEqual(['connecting', 'catching-up', 'live'])
    // It is no return: nobody was away.
    expect(heard.status.returned).toBeUndefined()
    await until('the place', () => heard.status.lastEventId === ids[9])
    await using after = new HeardStream({
      url: `${tidings.url}/events`,
      topics: ['orders'],
      lastEventId: ids[4],
      last: 1,
    })
    await after.is('live')
    expect(after.data).toEqual([5, 6, 7, 8, 9])
  })

  test('with events of some types alone', async () => {
    await using tidings = await ServerProcess.start()
    await using heard = new HeardStream({
      url: `${tidings.url}/events`,
      topics: ['orders'],
      types: ['a', 'b'],
    })
    await heard.is('live')
    await publish(
      tidings.url,
      ['a', 'c', 'b', 'a'].map((type, data) => ({ topic: 'orders', type, data })),
    )
    await heard.has(3)
    expect(heard.data).toEqual([0, 2, 3])
  })
})

describe('a store', () => {
  /** A store of one's own that takes its time, as one that asks a database would. */
  function slowStore(first?: string) {
    const puts: string[] = []
    const store = {
      get: async () => {
        await new Promise((resolve) => setImmediate(resolve))
        return puts.at(-1) ?? first
      },
      put: async (id: string) => {
        await new Promise((resolve) => setImmediate(resolve))
        puts.push(id)
      },
    }
    return { puts, store }
  }

  test('gives the place to begin at, before the option does', async () => {
    const url = server.script(numbered(5))
    const { store } = slowStore('3')
    await using heard = new HeardStream({ url, store, lastEventId: '1' })
    await heard.has(2)
    expect(heard.data).toEqual([4, 5])
    await using other = new HeardStream({ url, store: slowStore().store, lastEventId: '1' })
    await other.has(4)
    expect(server.requestsTo(url).map(({ headers }) => headers['last-event-id'])).toEqual(['3', '1'])
  })

  test('may answer with a promise of another make, and if it has nothing, the option counts', async () => {
    const url = server.script(numbered(5))
    for (const place of ['3', undefined]) {
      const answer: PromiseLike<string | undefined> = {
        // biome-ignore lint/suspicious/noThenProperty: that is what a promise of another make is.
        then: (...then) => Promise.resolve(place).then(...then),
      }
      const store = { get: () => answer as Promise<string | undefined>, put: () => {} }
      await using heard = new HeardStream({ url, store, lastEventId: '1' })
      await heard.has(1)
    }
    expect(server.requestsTo(url).map(({ headers }) => headers['last-event-id'])).toEqual(['3', '1'])
  })

  test('is asked once, and then the stream knows better', async () => {
    const { store } = slowStore('1')
    const get = vi.spyOn(store, 'get')
    const url = server.script(stream('id: 2\ndata: 2\n\n', ends), numbered(3))
    await using heard = new HeardStream({ url, store })
    await heard.has(2)
    expect(get).toHaveBeenCalledTimes(1)
    expect(server.requestsTo(url)[1]!.headers['last-event-id']).toBe('2')
  })

  test('is given a place only after its handlers are done, and the last one at the end', async () => {
    const { puts, store } = slowStore()
    const gates: (() => void)[] = []
    const heard = new HeardStream({ url: server.script(numbered(2)), store })
    heard.stream.on('message', () => new Promise<void>((resolve) => gates.push(resolve)))
    await until('the first handler', () => gates.length === 1)
    gates[0]!()
    await until('the second handler', () => gates.length === 2)
    await until('the place after the first', () => puts.at(-1) === '1')
    const closed = heard[Symbol.asyncDispose]()
    expect(puts).not.toContain('2')
    gates[1]!()
    await closed
    await until('the place after the second', () => puts.at(-1) === '2')
  })

  test('gets no place of an event that a loop has in hand', async () => {
    const { puts, store } = slowStore()
    await using heard = new HeardStream({ url: server.script(numbered(2)), store })
    const loop = heard.stream.events()
    await loop.next()
    await heard.has(2)
    await loop.next()
    await until('the place after the first', () => puts.at(-1) === '1')
    await loop.return?.()
    await until('the place after both', () => puts.at(-1) === '2')
  })

  test('that fails when it is asked is asked again', async () => {
    let asked = 0
    const url = server.script(numbered(3))
    await using heard = new HeardStream({
      url,
      store: {
        get: () => {
          if (asked++ === 0) throw new Error('the disk is away')
          return '1'
        },
        put: () => {},
      },
    })
    await heard.has(2)
    expect(heard.data).toEqual([2, 3])
    expect(heard.troubles).toMatchObject([
      { code: 'application', message: expect.stringContaining('the disk is away') },
    ])
    expect(server.requestsTo(url)).toHaveLength(1)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('full')
      },
    ],
    ['rejects', () => Promise.reject(new Error('full'))],
  ])('that %s when it is given a place does no harm', async (_how, put) => {
    let puts = 0
    await using heard = new HeardStream({
      url: server.script(stream('id: 1\ndata: 1\n\n', ends), numbered(2)),
      store: {
        get: () => null,
        put: () => {
          puts++
          return put()
        },
      },
    })
    await heard.has(2)
    await until('the place to be given', () => puts > 0)
    expect(heard.codes).toEqual(['ended'])
  })
})
