import { setTimeout as pause } from 'node:timers/promises'
import {
  BadServer,
  type Behaviour,
  brokenOff,
  byteByByte,
  commentWithoutEnd,
  cutInsideCharacters,
  cutsOf,
  dataWithoutEnd,
  emptyStream,
  goodMediaTypes,
  halfEvent,
  hardStreams,
  lineWithoutEnd,
  manyComments,
  manyEvents,
  mediaType,
  numbered,
  numberedEvents,
  resetAfter,
  resetInHead,
  silentAfter,
  silentAfterHead,
  silentFromTheStart,
  stream,
  textOf,
  times,
  wrongMediaTypes,
} from '@tidings/conformance/bad-server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { HeardStream } from './heard-stream.ts'

/** What a Tidings server begins with. */
const connected = (heartbeatMs: number) =>
  `event: connected\ndata: {"clientId":"c","resumed":false,"cursor":"a.1.b","heartbeatMs":${heartbeatMs}}\n\n`

let server: BadServer

beforeAll(async () => {
  server = await BadServer.start()
})

afterAll(() => server[Symbol.asyncDispose]())

// Chance would only make these tests slow: what the server asks to wait is waited for all the same.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
})

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a stream that ends too early comes back and loses nothing', () => {
  const whole = numberedEvents(0, 3)

  test.each([
    ['ends in order', halfEvent, /^ended$/],
    ['is closed without its end', brokenOff, /^network$/],
    ['is reset', resetAfter, /^network$/],
  ])('after each byte of three events: it %s', async (_how, broken, code) => {
    const urls = cutsOf(whole).map((bytes) => server.script(broken(whole, bytes), numbered(3)))
    await Promise.all(
      urls.map(async (url) => {
        await using heard = new HeardStream({ url })
        await heard.has(3)
        await heard.stumbled(1)
        expect(heard.data).toEqual([1, 2, 3])
        expect(heard.events.map(({ id }) => id)).toEqual(['1', '2', '3'])
        // A try that comes at once may still find the old connection, which is closing, and stumble again.
        expect(heard.codes[0]).toMatch(code)
      }),
    )
  })

  test('after a reset at any byte of the head', async () => {
    const urls = [0, 1, 12, 17, 30, 50].map((bytes) => server.script(resetInHead(bytes), numbered(3)))
    for (const url of urls) {
      await using heard = new HeardStream({ url })
      await heard.has(3)
      expect(heard.data).toEqual([1, 2, 3])
      expect(heard.codes[0]).toBe('network')
    }
  })

  test('after answers without a byte', async () => {
    await using heard = new HeardStream({ url: server.script(...times(3, emptyStream()), numbered(1)) })
    await heard.has(1)
    expect(heard.codes).toEqual(['ended', 'ended', 'ended'])
    expect(heard.status.attempt).toBe(3)
  })
})

describe('however it arrives', () => {
  test.each(hardStreams)('it takes $name', async ({ body, messages, lastEventId }) => {
    for (const arriving of [stream, byteByByte, cutInsideCharacters]) {
      const url = server.script(arriving(body, { ending: 'end' }), stream('event: the end\ndata: 1\n\n'))
      await using heard = new HeardStream({ url })
      await heard.has(messages.length + 1)
      expect(heard.events.slice(0, -1).map(({ type, text }) => ({ type, data: text }))).toEqual(
        messages.map(({ type, data }) => ({ type, data })),
      )
      // As bytes of UTF-8, and not at all if there is none.
      const header = textOf(server.requestsTo(url)[1]!.headers['last-event-id'])
      expect(header ?? '').toBe(lastEventId)
    }
  })

  test.each(goodMediaTypes)('with the media type %s', async (type) => {
    await using heard = new HeardStream({ url: server.script(mediaType(type, 'data: 1\n\n')) })
    await heard.has(1)
  })

  test.each([...wrongMediaTypes, undefined])('but not with the media type %s', async (type) => {
    const url = server.script(mediaType(type, 'data: 1\n\n'))
    await using heard = new HeardStream({ url })
    expect((await heard.is('refused')).trouble).toMatchObject({ code: 'media-type', status: 200 })
    expect(heard.events).toEqual([])
    expect(server.requestsTo(url)).toHaveLength(1)
  })
})

describe('silence is noticed', () => {
  test.each([
    ['before any answer', silentFromTheStart()],
    ['after the head', silentAfterHead()],
    ['after some events', silentAfter('id: 1\ndata: 1\n\n')],
  ])('%s, with the interval of the option', async (_when, silent) => {
    const url = server.script(silent, numbered(2))
    await using heard = new HeardStream({ url, heartbeatMs: 100 })
    await heard.has(2)
    expect(heard.data).toEqual([1, 2])
    expect(heard.codes[0]).toBe('silent')
    await server.requestsTo(url)[0]!.closed
  })

  test('with the interval that the server names, which wins over the option', async () => {
    const url = server.script(silentAfter(connected(50)), numbered(1))
    await using heard = new HeardStream({ url, heartbeatMs: 3_600_000 })
    await heard.has(1)
    expect(heard.codes[0]).toBe('silent')
  })

  test('but comments are life', async () => {
    // Twice the interval passes twice without an event.
    const commenting: Behaviour = async (exchange) => {
      exchange.streamHead()
      for (let count = 0; count < 40; count++) {
        await exchange.write(':\n')
        await pause(125)
      }
      await exchange.write('data: 1\n\n')
    }
    const url = server.script(commenting)
    await using heard = new HeardStream({ url, heartbeatMs: 1_200 })
    await heard.has(1)
    expect(heard.codes).toEqual([])
    expect(server.requestsTo(url)).toHaveLength(1)
  })

  test('but a handler that takes its time is no silence, and neither is one after a goodbye', async () => {
    const farewell = 'event: goodbye\ndata: {"reason":"drain","reconnect":true,"retryMs":1}\n\n'
    const url = server.script(
      stream(`${connected(50)}data: 1\n\n${farewell}`),
      silentAfter(connected(50)),
      stream('data: 2\n\n'),
    )
    await using heard = new HeardStream({ url })
    // Three intervals long.
    heard.stream.on('message', () => pause(300))
    heard.stream.on('goodbye', () => pause(1))
    await heard.has(2)
    expect(heard.codes.slice(0, 2)).toEqual(['goodbye', 'silent'])
  })

  test('and an interval that is none, or has no end, watches nothing', async () => {
    for (const heartbeat of ['0', '-1', '1e400', '"soon"', 'null']) {
      const first = `event: connected\ndata: {"clientId":"c","resumed":false,"cursor":"a","heartbeatMs":${heartbeat}}\n\n`
      await using heard = new HeardStream({ url: server.script(stream(`${first}data: 1\n\n`)) })
      await heard.has(1)
      await heard.is('live')
      expect(heard.codes).toEqual([])
    }
  })
})

describe('floods', () => {
  test.each([
    ['a line', lineWithoutEnd()],
    ['a comment', commentWithoutEnd()],
    ['lines of data', dataWithoutEnd()],
  ])('%s of 100 MB: too large, and memory stays flat', async (_what, flood) => {
    const url = server.script(stream('id: 1\ndata: 1\n\n', { ending: 'end' }), flood, numbered(2))
    const before = process.memoryUsage().rss
    await using heard = new HeardStream({ url })
    await heard.has(2)
    expect(heard.data).toEqual([1, 2])
    expect(heard.codes).toEqual(['ended', 'too-large'])
    // The client hangs up as soon as it has seen too much: what is still under way fills buffers, not memory.
    await server.requestsTo(url)[1]!.closed
    expect(server.requestsTo(url)[1]!.sentBytes).toBeLessThan(50_000_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000)
  })

  test('maxEventBytes is what counts', async () => {
    const url = server.script(stream(`data: ${'x'.repeat(2_000)}\n\n`))
    await using small = new HeardStream({ url, maxEventBytes: 1_000 })
    await small.stumbled(1)
    expect(small.troubles[0]).toMatchObject({ code: 'too-large', message: expect.stringContaining('1000') })
    await using large = new HeardStream({ url, maxEventBytes: 3_000 })
    await large.has(1)
  })

  test('what came before is delivered, and not asked for again', async () => {
    const url = server.script(stream(`id: 7\ndata: 1\n\ndata: ${'x'.repeat(2_000)}`), stream('data: 2\n\n'))
    await using heard = new HeardStream({ url, maxEventBytes: 1_000 })
    await heard.has(2)
    expect(server.requestsTo(url)[1]!.headers['last-event-id']).toBe('7')
  })

  test('a million comments are nothing, and cost no memory', async () => {
    const url = server.script(async (exchange) => {
      await manyComments(10_000_000)(exchange)
      await exchange.write('data: 1\n\n')
    })
    await using heard = new HeardStream({ url })
    await heard.has(1)
    expect(heard.codes).toEqual([])
  })

  test('a hundred thousand small events arrive, every one', async () => {
    const url = server.script(manyEvents(900_000))
    await using heard = new HeardStream({ url })
    await heard.has(100_000)
    await heard.stumbled(1)
    expect(heard.codes[0]).toBe('ended')
  })
})
