import {
  BadServer,
  type Behaviour,
  farewells,
  forbidden,
  goodbye,
  noContent,
  notFound,
  numbered,
  redirect,
  redirectLoop,
  redirectStatuses,
  requestTimeout,
  status,
  storm,
  stream,
  tooEarly,
  unauthorizedWithout,
} from '@tidings/conformance/bad-server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/until.ts'
import { HeardStream } from './heard-stream.ts'

const one = stream('data: 1\n\n')

let server: BadServer
let elsewhere: BadServer

beforeAll(async () => {
  server = await BadServer.start()
  elsewhere = await BadServer.start()
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await elsewhere[Symbol.asyncDispose]()
})

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** How long after the first request the second came, in milliseconds. */
function waitedMs(url: string): number {
  const [first, second] = server.requestsTo(url)
  return second!.atMs - first!.atMs
}

describe('what passes is waited for', () => {
  test('a storm of errors', async () => {
    const url = server.script(storm(2, 503), storm(2, 500), storm(2, 502), storm(2, 504), one)
    await using heard = new HeardStream({ url })
    await heard.has(1)
    expect(heard.troubles.map((trouble) => trouble.status)).toEqual([503, 503, 500, 500, 502, 502, 504, 504])
    expect(new Set(heard.codes)).toEqual(new Set(['status']))
    expect(heard.status.attempt).toBe(8)
  })

  test.each([
    ['408', requestTimeout()],
    ['425', tooEarly()],
    ['429', status(429)],
  ])('%s', async (code, behaviour) => {
    await using heard = new HeardStream({ url: server.script(behaviour, one) })
    await heard.has(1)
    expect(heard.troubles).toMatchObject([{ code: 'status', status: Number(code) }])
  })

  test.each([408, 425, 429, 503])('%s with Retry-After: not before it', async (code) => {
    const url = server.script(status(code, { retryAfter: 1 }), one)
    const began = Date.now()
    await using heard = new HeardStream({ url })
    const { retryAtMs = 0 } = await heard.is('waiting')
    expect(retryAtMs).toBeGreaterThan(began + 990)
    await heard.has(1)
    // The server's clock and ours round each on its own.
    expect(waitedMs(url)).toBeGreaterThan(990)
  })

  test.each([
    ['', 0],
    [', whatever clock the device has', 86_400_000],
  ])('Retry-After as a date%s', async (_name, aheadMs) => {
    const inMs = (ms: number) => new Date(Date.now() + aheadMs + ms).toUTCString()
    const url = server.script(status(503, { retryAfter: inMs(3_600_000), headers: { Date: inMs(0) } }))
    await using heard = new HeardStream({ url })
    await heard.stumbled(1)
    const leftMs = heard.status.retryAtMs! - Date.now()
    expect(leftMs).toBeGreaterThan(3_000_000)
    expect(leftMs).toBeLessThan(4_000_000)
  })

  test('Retry-After as a date, of a server that does not say what time it is', async () => {
    const retryAfter = new Date(Date.now() + 3_600_000).toUTCString()
    const answer = new Response(null, { status: 503, headers: { 'Retry-After': retryAfter } })
    await using heard = new HeardStream({ url: 'http://localhost', fetch: async () => answer })
    await heard.stumbled(1)
    const leftMs = heard.status.retryAtMs! - Date.now()
    expect(leftMs).toBeGreaterThan(3_000_000)
    expect(leftMs).toBeLessThan(4_000_000)
  })

  test('Retry-After that means nothing', async () => {
    await using heard = new HeardStream({ url: server.script(status(503, { retryAfter: 'soon' }), one) })
    await heard.has(1)
  })

  test('the retry of the stream, when it ends', async () => {
    const url = server.script(stream('retry: 700\ndata: 1\n\n', { ending: 'end' }), stream('data: 2\n\n'))
    await using heard = new HeardStream({ url })
    await heard.has(2)
    expect(waitedMs(url)).toBeGreaterThan(690)
  })

  test('whoever does not want to wait need not', async () => {
    const url = server.script(status(503, { retryAfter: 3_600 }), one)
    await using heard = new HeardStream({ url })
    await heard.is('waiting')
    heard.stream.reconnect()
    await heard.has(1)
  })

  test('a server that is not there', async () => {
    const port = await freePort()
    await using heard = new HeardStream({ url: `http://127.0.0.1:${port}/good` })
    await heard.stumbled(2)
    expect(heard.codes[0]).toBe('network')
    await using back = await BadServer.start({ port })
    await heard.is('live')
    expect(back.requests).toHaveLength(1)
  })
})

describe('what does not pass is refused, and not asked for again', () => {
  const refusals: [string, Behaviour, object][] = [
    ['400', status(400), { code: 'status', status: 400 }],
    ['403', forbidden(), { code: 'status', status: 403, problem: 'forbidden' }],
    ['404', notFound(), { code: 'status', status: 404, problem: 'not_found' }],
    ['401 without a token', unauthorizedWithout('t', one), { code: 'status', status: 401 }],
    ['410', status(410), { code: 'status', status: 410 }],
    ['300', status(300), { code: 'status', status: 300 }],
    ['204', noContent(), { code: 'no-content' }],
  ]

  test.each(refusals)('%s', async (_name, behaviour, trouble) => {
    const url = server.script(behaviour, one)
    await using heard = new HeardStream({ url })
    const { trouble: told, retryAtMs } = await heard.is('refused')
    expect(told).toMatchObject(trouble)
    expect(retryAtMs).toBeUndefined()
    expect(server.requestsTo(url)).toHaveLength(1)
    // But the application may.
    heard.stream.reconnect()
    await heard.has(1)
    expect(server.requestsTo(url)).toHaveLength(2)
    expect(heard.states).toEqual(['connecting', 'refused', 'connecting', 'live'])
  })

  test('a problem document is told, whatever is in it', async () => {
    const headers = { 'Content-Type': 'application/problem+json' }
    const said = status(403, { headers, body: '{"code":"forbidden","detail":"Not yours."}' })
    await using heard = new HeardStream({ url: server.script(said) })
    expect((await heard.is('refused')).trouble?.message).toContain('Not yours.')
    for (const body of ['null', '{', '[]', '7', '']) {
      await using other = new HeardStream({ url: server.script(status(503, { headers, body }), one) })
      await other.has(1)
      expect(other.troubles).toMatchObject([{ code: 'status', status: 503 }])
    }
  })
})

describe('goodbye', () => {
  test.each(farewells)('$reason, after an event and instead of a stream', async (farewell) => {
    const code = { code: 'goodbye', problem: farewell.reason }
    const begin =
      'event: connected\ndata: {"clientId":"c","resumed":false,"cursor":"a","heartbeatMs":15000}\n\n'
    for (const body of [`${begin}id: 1\ndata: 1\n\n`, '']) {
      const url = server.script(goodbye(farewell, body), numbered(2))
      await using heard = new HeardStream({ url })
      const goodbyes: unknown[] = []
      heard.stream.on('goodbye', (value) => goodbyes.push(value))
      if (farewell.reconnect) await heard.has(2)
      else await heard.is('refused')
      expect(goodbyes).toEqual([farewell])
      expect(heard.troubles).toMatchObject([code])
      expect(server.requestsTo(url)).toHaveLength(farewell.reconnect ? 2 : 1)
    }
  })

  test('of malformed data is survived, and the server not stormed', async () => {
    for (const retryMs of ['"soon"', '-5', 'null', '[]']) {
      vi.mocked(Math.random).mockReturnValue(0.999)
      const body = `event: goodbye\ndata: {"reason":"drain","reconnect":true,"retryMs":${retryMs}}\n\n`
      const url = server.script(stream(body))
      const began = Date.now()
      await using heard = new HeardStream({ url })
      const { retryAtMs } = await heard.is('waiting')
      expect(retryAtMs).toBeGreaterThan(began + 500)
    }
  })
})

describe('a redirect', () => {
  test.each(redirectStatuses)('%s to another origin does not take the token there', async (code) => {
    const target = elsewhere.script(one)
    const url = server.script(redirect(code, target))
    await using heard = new HeardStream({ url, token: 'secret' })
    await heard.has(1)
    expect(server.requestsTo(url)[0]!.headers.authorization).toBe('Bearer secret')
    expect(elsewhere.requestsTo(target)[0]!.headers).not.toHaveProperty('authorization')
  })

  test.each(redirectStatuses)('%s is not followed with headers of one’s own', async (code) => {
    const target = elsewhere.script(one)
    await using heard = new HeardStream({
      url: server.script(redirect(code, target)),
      headers: { 'X-Api-Key': 'secret' },
    })
    expect((await heard.is('refused')).trouble).toMatchObject({ code: 'redirect' })
    expect(elsewhere.requestsTo(target)).toEqual([])
  })

  test('to itself ends', async () => {
    await using heard = new HeardStream({ url: server.script(redirectLoop()) })
    await heard.stumbled(1)
    expect(heard.codes[0]).toBe('network')
  })
})

describe('the request', () => {
  test('names topics, types, where to begin, and what it accepts', async () => {
    const url = server.script(one)
    await using heard = new HeardStream({
      url: `${url}?own=1`,
      topics: ['orders/*', 'größe'],
      types: ['a', 'b'],
      last: 5,
    })
    await heard.has(1)
    const { method, target, headers } = server.requestsTo(url)[0]!
    const { searchParams } = new URL(target, server.origin)
    expect(method).toBe('GET')
    expect([...searchParams]).toEqual([
      ['own', '1'],
      ['topic', 'orders/*'],
      ['topic', 'größe'],
      ['types', 'a,b'],
      ['last', '5'],
    ])
    expect(headers).toMatchObject({ accept: 'text/event-stream', 'cache-control': 'no-cache' })
    expect(headers).not.toHaveProperty('last-event-id')
    expect(headers).not.toHaveProperty('authorization')
  })

  test('asks for the last ones only as long as there is no place to go on from', async () => {
    const url = server.script(stream('id: 1\ndata: 1\n\n', { ending: 'end' }), one)
    await using heard = new HeardStream({ url, last: 5 })
    await heard.has(2)
    expect(server.requestsTo(url).map(({ target }) => target.includes('last='))).toEqual([true, false])
  })

  test('has a method and a body, at each connection', async () => {
    const url = server.script(stream('data: 1\n\n', { ending: 'end' }), one)
    await using heard = new HeardStream({ url, method: 'POST', body: '{"q":1}' })
    await heard.has(2)
    expect(server.requestsTo(url)).toMatchObject(Array(2).fill({ method: 'POST', body: '{"q":1}' }))
  })

  test('asks for headers at each connection', async () => {
    const url = server.script(stream('data: 1\n\n', { ending: 'end' }), one)
    let count = 0
    await using heard = new HeardStream({ url, headers: async () => ({ 'X-Count': `${++count}` }) })
    await heard.has(2)
    expect(server.requestsTo(url).map(({ headers }) => headers['x-count'])).toEqual(['1', '2'])
  })

  test('waits for headers() that fail, and says so', async () => {
    let count = 0
    const url = server.script(one)
    await using heard = new HeardStream({
      url,
      headers: () => {
        if (count++ === 0) throw new Error('no headers today')
        return {}
      },
    })
    await heard.has(1)
    expect(heard.troubles).toMatchObject([
      { code: 'application', message: expect.stringContaining('no headers today') },
    ])
    expect(server.requestsTo(url)).toHaveLength(1)
  })

  test('goes through a fetch of one’s own, which need not know of signals', async () => {
    const asked: string[] = []
    await using heard = new HeardStream({
      url: 'http://nowhere.example/events',
      fetch: async (input) => {
        asked.push(String(input))
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
        })
        return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
      },
    })
    await heard.has(1)
    heard.stream.reconnect()
    await heard.has(2)
    expect(asked).toEqual(Array(2).fill('http://nowhere.example/events'))
  })
})

describe('a token', () => {
  test('that token() fails to get is waited for', async () => {
    let count = 0
    const url = server.script(unauthorizedWithout('t', one))
    await using heard = new HeardStream({
      url,
      token: async () => {
        if (count++ === 0) throw new Error('the issuer is away')
        return 't'
      },
    })
    await heard.has(1)
    expect(heard.troubles).toMatchObject([
      { code: 'token', message: expect.stringContaining('the issuer is away') },
    ])
    expect(server.requestsTo(url)).toHaveLength(1)
  })

  test.each([undefined, ''])('that is %o: refused, and nobody is asked anonymously', async (token) => {
    const url = server.script(one)
    await using heard = new HeardStream({ url, token: () => token })
    expect((await heard.is('refused')).trouble).toMatchObject({ code: 'token' })
    expect(server.requestsTo(url)).toEqual([])
  })

  test('that is an empty text: refused too', async () => {
    const url = server.script(one)
    await using heard = new HeardStream({ url, token: '' })
    await heard.is('refused')
    expect(server.requestsTo(url)).toEqual([])
  })

  test('that is answered 401 is asked for once more, with the reason, and then no more', async () => {
    const url = server.script(unauthorizedWithout('good', one))
    const reasons: string[] = []
    let next = 'bad'
    await using heard = new HeardStream({
      url,
      token: ({ reason }) => {
        reasons.push(reason)
        return next
      },
    })
    await heard.is('refused')
    expect(reasons).toEqual(['connect', 'rejected'])
    expect(server.requestsTo(url)).toHaveLength(2)
    next = 'good'
    heard.stream.reconnect()
    await heard.has(1)
    expect(reasons).toEqual(['connect', 'rejected', 'connect'])
  })

  test('that is a text and is answered 401: refused after one request', async () => {
    const url = server.script(unauthorizedWithout('good', one))
    await using heard = new HeardStream({ url, token: 'bad' })
    expect((await heard.is('refused')).trouble).toMatchObject({ status: 401 })
    expect(server.requestsTo(url)).toHaveLength(1)
  })

  test('that nobody waits for any more is told so', async () => {
    let signal: AbortSignal | undefined
    const heard = new HeardStream({
      url: server.script(one),
      token: (request) => {
        signal = request.signal
        return new Promise(() => {})
      },
    })
    await until('the question', () => signal)
    await heard[Symbol.asyncDispose]()
    expect(signal?.aborted).toBe(true)
  })
})
