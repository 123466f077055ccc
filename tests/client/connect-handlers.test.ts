import { connect, type Schema, type TidingsEvent } from '@tidings/client'
import { BadServer, numbered, numberedEvents, silentAfterHead, stream } from '@tidings/conformance/bad-server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { until } from '../support/until.ts'
import { HeardStream } from './heard-stream.ts'

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

/** A handler that is busy until it is let go. */
class Gate {
  readonly entered: unknown[] = []
  #open: () => void = () => {}

  readonly handler = ({ data }: TidingsEvent): Promise<void> => {
    this.entered.push(data)
    return new Promise((resolve) => {
      this.#open = resolve
    })
  }

  /** Lets the handler go that was entered last. */
  open(): void {
    this.#open()
  }

  async has(count: number): Promise<void> {
    await until(`handler ${count}`, () => this.entered.length === count)
  }
}

/** What is thrown where nobody catches it. */
function uncaught(): unknown[] {
  const errors: unknown[] = []
  const enqueue = globalThis.queueMicrotask
  vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) =>
    enqueue(() => {
      try {
        callback()
      } catch (error) {
        errors.push(error)
      }
    }),
  )
  return errors
}

/** A schema that does with a value what a function does. */
function schema<Value>(validate: Schema<Value>['~standard']['validate']): Schema<Value> {
  return { '~standard': { version: 1, vendor: 'here', validate } }
}

describe('a handler that fails', () => {
  const failures: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ]

  test.each(failures)('and %s is told to onError, and the stream goes on', async (_how, fail) => {
    const failed: unknown[] = []
    await using heard = new HeardStream({
      url: server.script(numbered(2)),
      onError: ({ event, error }) => failed.push([event.data, (error as Error).message]),
    })
    const later: unknown[] = []
    heard.stream.on('message', fail)
    heard.stream.on('message', ({ data }) => later.push(data))
    await until('both', () => later.length === 2)
    await until('the place', () => heard.status.lastEventId === '2')
    expect(failed).toEqual([
      [1, 'no'],
      [2, 'no'],
    ])
    expect(heard.codes).toEqual([])
  })

  test.each(failures)(
    'and %s without onError is an uncaught error, and the stream goes on',
    async (_how, fail) => {
      const errors = uncaught()
      await using heard = new HeardStream({ url: server.script(numbered(2)) })
      heard.stream.on('message', fail)
      await until('both errors', () => errors.length === 2)
      expect(errors).toEqual([new Error('no'), new Error('no')])
      await until('the place', () => heard.status.lastEventId === '2')
      expect(heard.codes).toEqual([])
    },
  )

  test.each(failures)('and %s when it is told of a failure is not told of that', async (_how, fail) => {
    const errors = uncaught()
    await using heard = new HeardStream({ url: server.script(numbered(1)), onError: fail })
    heard.stream.on('message', fail)
    await until('the error', () => errors.length === 1)
    await until('the place', () => heard.status.lastEventId === '1')
  })
})

describe('a schema', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['finds fault', () => ({ issues: [{ message: 'broken' }] })],
    ['finds fault in its own time', async () => ({ issues: [{ message: 'broken' }] })],
  ])('that %s keeps the event from its handlers, and the stream goes on', async (_how, validate) => {
    const events = { bad: schema(validate) }
    const handled: unknown[] = []
    const invalid: unknown[] = []
    await using stream_ = connect({
      url: server.script(stream('id: 1\nevent: bad\ndata: 1\n\nid: 2\nevent: good\ndata: 2\n\n')),
      events,
      onInvalid: ({ event, issues }) => invalid.push([event.data, issues[0]!.message]),
    })
    stream_.on('*', ({ data }) => handled.push(data))
    await until('the place', () => stream_.status.lastEventId === '2')
    expect(handled).toEqual([2])
    expect(invalid).toEqual([[1, expect.stringContaining('broken')]])
    expect(stream_.status.trouble).toBeUndefined()
  })

  test('is asked for types of its own alone, not for what every object has', async () => {
    const names = ['constructor', 'toString', '__proto__', 'hasOwnProperty']
    const body = names.map((name) => `event: ${name}\ndata: 1\n\n`).join('')
    await using heard = new HeardStream({
      url: server.script(stream(body)),
      events: { other: schema((value) => ({ value })) },
    })
    await heard.has(names.length)
    expect(heard.codes).toEqual([])
  })

  test('that takes its time holds the order', async () => {
    await using heard = new HeardStream({
      url: server.script(stream('event: slow\ndata: 1\n\ndata: 2\n\n')),
      events: {
        slow: schema(async (value) => {
          await new Promise((resolve) => setImmediate(resolve))
          return { value: `slow ${value}` }
        }),
      },
    })
    await heard.has(2)
    expect(heard.data).toEqual(['slow 1', 2])
  })
})

describe('handlers', () => {
  test('are taken away by themselves, by a signal, and in the midst of a call', async () => {
    const url = server.script(numbered(3))
    const heard: string[] = []
    await using source = connect({ url })
    const signal = new AbortController()
    const off = source.on('message', () => {
      heard.push('once')
      off()
    })
    source.on('message', ({ data }) => data === 2 && signal.abort())
    source.on('message', ({ data }) => heard.push(`signal ${data}`), { signal: signal.signal })
    source.on('message', ({ data }) => heard.push(`all ${data}`))
    source.on('message', () => heard.push('never'), { signal: AbortSignal.abort() })
    await until('the last', () => heard.includes('all 3'))
    expect(heard.filter((line) => line === 'once')).toHaveLength(1)
    expect(heard).not.toContain('signal 3')
    expect(heard).not.toContain('never')
  })

  test('may answer with promises of other makes, which are waited for, and whose failures are told', async () => {
    const begun: unknown[] = []
    const ended: unknown[] = []
    const failed: unknown[] = []
    await using source = connect({
      url: server.script(numbered(3)),
      onError: ({ event, error }) => failed.push([event.data, error]),
    })
    // Not one of this realm's, as that of a library or of another frame is none.
    const later = (data: unknown): PromiseLike<void> => ({
      // biome-ignore lint/suspicious/noThenProperty: that is what a promise of another make is.
      then: (resolve, reject) => {
        begun.push([data, ended.length])
        setImmediate(() => {
          ended.push(data)
          if (data === 2) reject?.('broken')
          else resolve?.()
        })
        return Promise.resolve() as never
      },
    })
    source.on('message', ({ data }) => later(data))
    await until('all three', () => ended.length === 3)
    expect(begun).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ])
    expect(failed).toEqual([[2, 'broken']])
  })

  test('get frozen events', async () => {
    await using heard = new HeardStream({ url: server.script(numbered(1)) })
    await heard.has(1)
    expect(Object.isFrozen(heard.events[0])).toBe(true)
  })
})

describe('a stream that is closed', () => {
  test('in a handler calls no other, and asyncDispose waits for that one', async () => {
    const url = server.script(numbered(3))
    const heard = new HeardStream({ url })
    const gate = new Gate()
    heard.stream.on('message', gate.handler)
    await gate.has(1)
    heard.stream.close()
    expect(heard.status.state).toBe('idle')
    await server.requestsTo(url)[0]!.closed
    let isDisposed = false
    const disposed = heard[Symbol.asyncDispose]().then(() => {
      isDisposed = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isDisposed).toBe(false)
    gate.open()
    await disposed
    expect(gate.entered).toEqual([1])
    expect(heard.data).toEqual([1])
  })

  test('by a handler that closes it itself', async () => {
    const heard = new HeardStream({ url: server.script(numbered(3)) })
    heard.stream.on('message', () => heard.stream.close())
    await heard.is('idle')
    await heard[Symbol.asyncDispose]()
    expect(heard.data).toEqual([1])
  })

  test.each(['while connecting', 'while waiting'])('%s asks no more', async (when) => {
    const url = server.script(
      when === 'while waiting' ? stream('retry: 3600000\n\n', { ending: 'end' }) : silentAfterHead(),
    )
    const heard = new HeardStream({ url })
    if (when === 'while waiting') await heard.is('waiting')
    await heard[Symbol.asyncDispose]()
    heard.stream.reconnect()
    heard.stream.resume()
    expect(heard.status).toMatchObject({ state: 'idle', retryAtMs: undefined, trouble: undefined })
    expect(server.requestsTo(url).length).toBe(when === 'while waiting' ? 1 : 0)
  })

  test('by a signal, before and after it was opened', async () => {
    const url = server.script(numbered(1))
    const closing = new AbortController()
    await using heard = new HeardStream({ url, signal: closing.signal })
    const loop = heard.stream.events()
    await heard.has(1)
    await loop.next()
    closing.abort()
    expect(heard.status.state).toBe('idle')
    expect(await loop.next()).toEqual({ done: true, value: undefined })
    await server.requestsTo(url)[0]!.closed
    await using never = new HeardStream({ url, signal: AbortSignal.abort() })
    expect(never.status.state).toBe('idle')
    expect(await never.stream.events().next()).toEqual({ done: true, value: undefined })
    expect(server.requestsTo(url)).toHaveLength(1)
  })

  test.each(['live', 'catching-up'] as const)(
    'or opened anew by who hears that it is %s, goes on as if it had been later',
    async (state) => {
      const first = state === 'live' ? numbered(1) : silentAfterHead()
      const url = server.script(first, numbered(2), numbered(3))
      await using heard = new HeardStream({
        url,
        lastEventId: '0',
        // One that knows nothing of signals must not hold up what follows.
        fetch: (input, init) => fetch(input, { ...init, signal: null }),
      })
      let isDone = false
      heard.stream.onStatus((status) => {
        if (isDone || status.state !== state) return
        isDone = true
        heard.stream.reconnect()
      })
      await heard.is('live')
      await heard.stream.add('a')
      await heard.has(2)
      expect(heard.data.slice(0, 2)).toEqual([1, 2])
    },
  )

  test('and paused by who hears that it is live asks for what is added when it is resumed', async () => {
    const begin =
      'event: connected\ndata: {"clientId":"c","resumed":false,"cursor":"a","heartbeatMs":60000}\n\n'
    const url = server.script(stream(begin), stream(`${begin}data: 1\n\n`))
    await using heard = new HeardStream({ url, lastEventId: '0' })
    const off = heard.stream.onStatus(({ state }) => state === 'live' && heard.stream.pause())
    await heard.is('paused')
    off()
    const added = heard.stream.add('x')
    await new Promise((resolve) => setImmediate(resolve))
    heard.stream.resume()
    await added
    expect(server.requestsTo(url).map(({ target }) => target.includes('topic=x'))).toEqual([false, true])
  })

  test('and paused goes on where it was when it is resumed', async () => {
    const url = server.script(numbered(1), numbered(3))
    await using heard = new HeardStream({ url })
    await heard.has(1)
    heard.stream.pause()
    expect(heard.status.state).toBe('paused')
    await server.requestsTo(url)[0]!.closed
    heard.stream.resume()
    await heard.has(3)
    expect(heard.data).toEqual([1, 2, 3])
  })

  test('and begun as paused connects when it is resumed', async () => {
    const url = server.script(numbered(1))
    await using heard = new HeardStream({ url, paused: true })
    expect(heard.status.state).toBe('paused')
    await new Promise((resolve) => setImmediate(resolve))
    expect(server.requestsTo(url)).toHaveLength(0)
    heard.stream.resume()
    await heard.has(1)
  })
})

describe('a new connection', () => {
  test('is made only when the handler of the last one is done, from there on', async () => {
    const url = server.script(numbered(2), numbered(3))
    await using heard = new HeardStream({ url })
    const gate = new Gate()
    const off = heard.stream.on('message', gate.handler)
    await gate.has(1)
    heard.stream.reconnect()
    await server.requestsTo(url)[0]!.closed
    expect(server.requestsTo(url)).toHaveLength(1)
    off()
    gate.open()
    await heard.has(3)
    expect(heard.data).toEqual([1, 2, 3])
    expect(server.requestsTo(url)[1]!.headers['last-event-id']).toBe('1')
  })
})

describe('a loop that is slow', () => {
  /** Many more bytes than all buffers between the two ends hold. */
  const count = 2_000
  const kilobytes = 'x'.repeat(10_000)
  const large = (from: number) =>
    Array.from(
      { length: count - from },
      (_, index) => `id: ${from + index + 1}\ndata: "${from + index + 1} ${kilobytes}"\n\n`,
    ).join('')

  test('with wait holds the stream back, and loses nothing', async () => {
    const url = server.script(stream(large(0), { ending: 'end' }))
    await using source = connect({ url })
    const loop = source.events({ limit: 2 })
    const numbers: number[] = []
    for await (const { text } of loop) {
      numbers.push(Number.parseInt(text.slice(1), 10))
      if (numbers.length === 1) {
        // Long enough for all of it to arrive ten times over, if anybody read.
        for (let turn = 0; turn < 500; turn++) await (await fetch(`${server.origin}/nowhere`)).text()
        expect(server.requestsTo(url)[0]!.sentBytes).toBe(0)
        expect(source.status.state).toBe('live')
      }
      if (numbers.length === count) break
    }
    expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1))
  })

  test('with drop-oldest holds nobody back, and gets the newest', async () => {
    await using heard = new HeardStream({ url: server.script(numbered(50)) })
    const loop = heard.stream.events({ limit: 3, overflow: 'drop-oldest' })
    await heard.has(50)
    const numbers: unknown[] = []
    for await (const { data } of loop) {
      numbers.push(data)
      if (data === 50) break
    }
    expect(numbers).toEqual([48, 49, 50])
  })

  test('gets the types and topics that it wants, and ends by its own signal', async () => {
    const body = ['a', 'b', 'c', 'a'].map(
      (type, data) => `event: ${type}\ntopic: ${type}/1\ndata: ${data}\n\n`,
    )
    await using heard = new HeardStream({ url: server.script(stream(body.join(''))) })
    const end = new AbortController()
    const byType = heard.stream.events({ types: ['a', 'c'], signal: end.signal })
    const byTopic = heard.stream.events({ topic: 'a/*' })
    await heard.has(4)
    end.abort()
    heard.stream.close()
    const data: unknown[][] = [[], []]
    for await (const event of byType) data[0]!.push(event.data)
    for await (const event of byTopic) data[1]!.push(event.data)
    // Its own signal gives up what waits; the end of the stream does not.
    expect(data).toEqual([[], [0, 3]])
  })

  test('does not keep another from its events', async () => {
    await using source = connect({ url: server.script(stream(numberedEvents(0, 4), { ending: 'end' })) })
    const [slow, fast] = [source.events({ limit: 10 }), source.events({ limit: 1 })]
    const numbers: unknown[] = []
    for await (const { data } of fast) {
      numbers.push(data)
      if (data === 4) break
    }
    expect(numbers).toEqual([1, 2, 3, 4])
    expect((await slow.next()).value?.data).toBe(1)
  })
})
