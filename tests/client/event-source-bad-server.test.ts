import {
  BadServer,
  type Behaviour,
  brokenOff,
  byteByByte,
  commentWithoutEnd,
  compressed,
  cutsOf,
  dataWithoutEnd,
  emptyStream,
  goodMediaTypes,
  gzipThatNeverFlushes,
  gzipWithoutItsEnd,
  halfEvent,
  hardStreams,
  lineWithoutEnd,
  manyComments,
  manyEvents,
  manyIds,
  mediaType,
  noContent,
  numbered,
  numberedEvents,
  resetAfter,
  resetInHead,
  routes,
  silentAfter,
  silentAfterHead,
  silentFromTheStart,
  status,
  stream,
  textOf,
  times,
  wrongMediaTypes,
} from '@tidings/conformance/bad-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { HeardSource } from './heard-source.ts'

/** Nobody wants to wait the three seconds of the default. */
const soon = stream('retry: 1\n\n', { ending: 'end' })
const three = ['1', '2', '3']

let server: BadServer

beforeAll(async () => {
  server = await BadServer.start()
})

afterAll(() => server[Symbol.asyncDispose]())

describe('a stream that ends too early comes back and loses nothing', () => {
  const whole = numberedEvents(0, 3)

  test.each([
    ['ends in order', halfEvent],
    ['is closed without its end', brokenOff],
    ['is reset', resetAfter],
  ])('after each byte of three events: it %s', async (_how, broken) => {
    const urls = cutsOf(whole).map((bytes) => server.script(soon, broken(whole, bytes), numbered(3)))
    await Promise.all(
      urls.map(async (url) => {
        using source = new HeardSource(url)
        await source.has(3)
        expect(source.data).toEqual(three)
        expect(source.messages.map(({ lastEventId }) => lastEventId)).toEqual(three)
      }),
    )
  })

  test('a reset at any byte of the head is a network error, and it tries again', async () => {
    const urls = [0, 1, 12, 17, 30, 50].map((bytes) => server.script(soon, resetInHead(bytes), numbered(3)))
    for (const url of urls) {
      using source = new HeardSource(url)
      await source.has(3)
      expect(source.states).toEqual(['open', 'comes back', 'comes back', 'open'])
    }
  })

  test('answers without a byte', async () => {
    using source = new HeardSource(server.script(soon, ...times(3, emptyStream()), numbered(1)))
    await source.has(1)
    expect(source.states.filter((state) => state === 'open')).toHaveLength(5)
  })

  test('a gzip that is cut short', async () => {
    using source = new HeardSource(server.script(soon, gzipWithoutItsEnd(whole), numbered(3)))
    await source.has(3)
    expect(source.data).toEqual(three)
  })

  test('a server that is not there is tried again', async () => {
    const port = await freePort()
    const gone = await BadServer.start({ port })
    const url = gone.script(soon)
    using source = new HeardSource(url)
    await source.stumbled(1)
    await gone[Symbol.asyncDispose]()
    await expect.poll(() => source.errors.at(-1)?.message).toContain('ECONNREFUSED')
    const back = await BadServer.start({ port })
    try {
      expect(back.script(numbered(1))).toBe(url)
      await source.has(1)
    } finally {
      await back[Symbol.asyncDispose]()
    }
  })
})

describe('silence', () => {
  test.each<[string, Behaviour, number, string[]]>([
    ['no answer', silentFromTheStart(), 0, []],
    ['headers alone', silentAfterHead(), 1, []],
    ['events, and then none', silentAfter(numberedEvents(0, 3)), 1, three],
    ['a compressor that waits for more', gzipThatNeverFlushes(numberedEvents(0, 3)), 1, []],
  ])('is no error: %s', async (_what, behaviour, readyState, data) => {
    const url = server.script(behaviour)
    using source = new HeardSource(url)
    await source.has(data.length)
    const [request] = await server.received(1, url)
    if (readyState === 1) await expect.poll(() => source.source.readyState).toBe(1)
    expect(source.data).toEqual(data)
    expect(source.errors).toEqual([])
    source.source.close()
    await request?.closed
    expect(source.source.readyState).toBe(2)
    expect(source.errors).toEqual([])
  })
})

describe('what fails for good', () => {
  test.each([204, 201, 206, 400, 401, 403, 404, 408, 410, 425, 429, 500, 502, 503, 504])(
    'status %i, whatever else the answer says',
    async (code) => {
      const headers = { 'Content-Type': 'text/event-stream' }
      const url = server.script(
        status(code, { retryAfter: 0, headers, body: code === 204 ? '' : 'data: 1\n\n' }),
      )
      using source = new HeardSource(url)
      const error = await source.failed()
      expect(error).toMatchObject({ type: 'error', code, message: expect.stringContaining(`status ${code}`) })
      expect(source.states).toEqual(['failed'])
      expect(source.data).toEqual([])
      expect(server.requestsTo(url)).toHaveLength(1)
    },
  )

  test('a storm of 503 in the midst of a good life: the standard gives up', async () => {
    const url = server.script(soon, status(503), numbered(3))
    using source = new HeardSource(url)
    await source.failed()
    expect(source.states).toEqual(['open', 'comes back', 'failed'])
    expect(server.requestsTo(url)).toHaveLength(2)
  })

  test('204 after a good stream, which is how a server says that it is over', async () => {
    using source = new HeardSource(server.script(soon, stream('data: 1\n\n', { ending: 'end' }), noContent()))
    await source.failed()
    expect(source.states).toEqual(['open', 'comes back', 'open', 'comes back', 'failed'])
    expect(source.data).toEqual(['1'])
  })

  test.each([...wrongMediaTypes, undefined])('media type %s; the connection is let go of', async (type) => {
    const url = server.script(mediaType(type, 'data: 1\n\n'))
    using source = new HeardSource(url)
    expect(await source.failed()).toMatchObject({ code: 200, message: expect.stringContaining('media type') })
    await server.requestsTo(url)[0]?.closed
    expect(source.data).toEqual([])
    expect(server.requestsTo(url)).toHaveLength(1)
  })

  test.each(goodMediaTypes)('not: media type %s', async (type) => {
    using source = new HeardSource(server.script(mediaType(type, 'data: größe\n\n')))
    await source.has(1)
    expect(source.data).toEqual(['größe'])
  })
})

describe('floods', () => {
  test.each([
    ['line', lineWithoutEnd],
    ['event', dataWithoutEnd],
    ['comment', commentWithoutEnd],
  ])('a %s of 100 MB fails for good soon after maxEventBytes, 16 MiB if absent', async (_what, flood) => {
    for (const maxEventBytes of [1_000, undefined]) {
      const url = server.script(flood())
      using source = new HeardSource(url, { maxEventBytes })
      expect((await source.failed()).message).toContain('maxEventBytes')
      const [request] = server.requestsTo(url)
      await request?.closed
      expect(request?.sentBytes).toBeLessThan(40_000_000)
      expect(source.states).toEqual(['open', 'failed'])
    }
  })

  test.each([
    ['comments', manyComments],
    ['blocks with only an id', manyIds],
  ])('100 MB of %s fill no memory and are no event', async (_what, flood) => {
    const url = server.script(flood())
    using source = new HeardSource(url, { maxEventBytes: 1_000 })
    await expect
      .poll(() => server.requestsTo(url)[0]?.sentBytes, { timeout: 90_000 })
      .toBeGreaterThan(99_000_000)
    expect(source.states).toEqual(['open'])
    expect(source.data).toEqual([])
  })

  test('five megabytes of small events all arrive', async () => {
    const url = server.script(soon, manyEvents(5_000_000), noContent())
    using source = new HeardSource(url)
    await source.failed()
    expect(source.messages.length).toBeGreaterThanOrEqual(5_000_000 / 'data: x\n\n'.length)
    expect(new Set(source.data)).toEqual(new Set(['x']))
  })

  test('an event just within maxEventBytes arrives', async () => {
    using source = new HeardSource(server.script(stream(`data: ${'x'.repeat(990)}\n\n`)), {
      maxEventBytes: 1_000,
    })
    await source.has(1)
    expect(source.data[0]).toHaveLength(990)
  })
})

describe('the format', () => {
  test.each(hardStreams)('it takes $name, byte by byte', async ({ body, messages, lastEventId }) => {
    const url = server.script(
      soon,
      byteByByte(body, { ending: 'end' }),
      stream('event: a\ndata: the end\n\n'),
    )
    using source = new HeardSource(url)
    const heard: unknown[] = []
    for (const type of new Set(['message', ...messages.map((message) => message.type)])) {
      source.source.addEventListener(type, ({ data, lastEventId: id }) =>
        heard.push({ type, data, lastEventId: id }),
      )
    }
    const requests = await server.received(3, url)
    expect(heard).toEqual(messages)
    expect(textOf(requests[2]?.headers['last-event-id'])).toBe(lastEventId || undefined)
  })

  test.each(['gzip', 'deflate', 'br'] as const)('a stream that is compressed as %s', async (encoding) => {
    using source = new HeardSource(server.script(compressed(encoding, numberedEvents(0, 3))))
    await source.has(3)
    expect(source.data).toEqual(three)
  })

  test('a retry that the server has named is kept', async () => {
    const url = server.script(stream('retry: 400\n\n', { ending: 'end' }), stream('data: 1\n\n'))
    using source = new HeardSource(url)
    await source.has(1)
    const [first, second] = server.requestsTo(url)
    expect(second!.atMs - first!.atMs).toBeGreaterThan(390)
  })
})

describe('the routes that anybody may try', () => {
  const endless = ['reset-in-head', 'redirect-away']
  const healing = routes.filter(({ says }) => says.includes('then all is well'))

  test.each(
    healing.map(({ name }) => name).filter((name) => !['storm', 'retry-after', ...endless].includes(name)),
  )(
    '/%s brings events 1 to 10, each once',
    async (name) => {
      using source = new HeardSource(`${server.origin}/${name}`)
      await source.has(10)
      expect(source.data).toEqual(Array.from({ length: 10 }, (_, index) => String(index + 1)))
    },
    120_000,
  )
})
