import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi, TidingsRequestError } from '../../packages/client/src/api.ts'
import { serverBase } from '../../packages/client/src/server-base.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { answers, type Fault, FlakyServer, hangsUp, isSilent, losesTheAnswer } from './flaky-server.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start()
})

afterAll(() => server[Symbol.asyncDispose]())

function topicOf(name: string): string {
  return `${name}/${crypto.randomUUID()}`
}

/** What a call fails with. */
async function failure(promise: Promise<unknown>): Promise<TidingsRequestError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(TidingsRequestError)
  return error as TidingsRequestError
}

describe('the base of a server', () => {
  it.each([
    ['https://example.com/events', 'https://example.com/'],
    ['https://example.com/events?topic=a#b', 'https://example.com/'],
    ['https://example.com/events/', 'https://example.com/'],
    ['https://example.com/events/alice', 'https://example.com/'],
    ['https://example.com/tidings/events/alice', 'https://example.com/tidings/'],
    ['https://example.com/events/app/events', 'https://example.com/events/app/'],
    ['https://example.com', 'https://example.com/'],
    ['https://example.com/tidings/', 'https://example.com/tidings/'],
    ['https://example.com/myevents', 'https://example.com/'],
    ['https://example.com/t/api/activity-feed?type=deploy', 'https://example.com/t/'],
  ])('of %s is %s', (url, base) => {
    expect(serverBase(url).href).toBe(base)
    expect(serverBase(new URL(url)).href).toBe(base)
  })

  it('is found relative to the page', () => {
    expect(serverBase(undefined, 'https://example.com/app/page').href).toBe('https://example.com/')
    expect(serverBase('events', 'https://example.com/app/page').href).toBe('https://example.com/app/')
    expect(serverBase('/tidings/events', 'https://example.com/app').href).toBe('https://example.com/tidings/')
  })

  it('needs a whole address where there is no page, and says so', () => {
    expect(() => serverBase('/events')).toThrow(/"\/events" is no full address like https:/)
    expect(() => createApi()).toThrow(TypeError)
    expect(() => serverBase('/events', 'about:blank')).toThrow(TypeError)
  })
})

describe('the resources of a server', () => {
  it('one event or a batch is published, stored in order, and read again', async () => {
    const api = createApi({ url: `${server.url}/events/alice` })
    const topic = topicOf('orders')
    const one = await api.publish({ topic, type: 'shipped', data: { by: 'train' } })
    expect(one).toEqual({ ids: [expect.any(String)], durability: 'fsync', isDuplicate: false })
    const { ids } = await api.publish([
      { topic, text: 'a\nb' },
      { topic, text: '[1]' },
      { topic, data: null },
    ])
    const page = await api.events({ topics: topic })
    expect(page).toEqual({ events: expect.any(Array), next: null, head: expect.any(String) })
    expect(page.events.map(({ id }) => id)).toEqual([...one.ids, ...ids])
    const common = { topic, timeMs: expect.closeTo(Date.now(), -5), isReplayed: false }
    expect(page.events.map(({ id: _, ...event }) => event)).toEqual([
      { ...common, type: 'shipped', data: { by: 'train' }, text: '{"by":"train"}' },
      { ...common, type: 'message', data: 'a\nb', text: 'a\nb' },
      { ...common, type: 'message', data: [1], text: '[1]' },
      { ...common, type: 'message', data: null, text: 'null' },
    ])
  })

  it('the log is paged forwards and backwards, by topics and types', async () => {
    const api = createApi({ url: server.url })
    const topics = [topicOf('a'), topicOf('b')] as const
    const { ids } = await api.publish(
      [0, 1, 2, 3, 4].map((n) => ({ topic: topics[n % 2]!, type: n === 4 ? 'last' : 'n', data: n })),
    )
    const first = await api.events({ topics, types: ['n', 'x'], limit: 3 })
    expect(first.events.map(({ data }) => data)).toEqual([0, 1, 2])
    const rest = await api.events({ topics: new Set(topics), types: ['n'], after: first.next! })
    expect(rest.events.map(({ data }) => data)).toEqual([3])
    const back = await api.events({ topics: [topics[0]], order: 'desc', before: ids[4]!, limit: 1 })
    expect(back.events.map(({ data }) => data)).toEqual([2])
    expect(back.next).toBe(ids[2])
    const foreign = await api.events({ topics, after: 'aaaaaaaaaa.7.bbbbb' })
    expect(foreign.gap).toMatchObject({ reason: 'epoch', from: 'aaaaaaaaaa.7.bbbbb' })
  })

  it('notifications are sent and listed, also to users whose names need quoting', async () => {
    const api = createApi({ url: server.url })
    const user = `ä?#%&${crypto.randomUUID()}`
    const plain = { type: 'info', title: 'One', message: 'First' } as const
    const linked = { type: 'error', title: 'Two', message: 'Second', link: '/orders/42' } as const
    const sent = await api.notify(user, plain)
    expect(sent).toEqual({ id: expect.any(String), durability: 'fsync', streams: 0, isDuplicate: false })
    await api.notify(user, linked)
    const newest = await api.notifications(user, { limit: 1 })
    expect(newest.notifications).toEqual([
      { ...linked, id: expect.any(String), timeMs: expect.closeTo(Date.now(), -5) },
    ])
    const { notifications, next } = await api.notifications(user, { before: newest.next! })
    expect([notifications, next]).toMatchObject([[{ ...plain, id: sent.id }], null])
  })

  it('what any program has published to a user in place of a notification is not listed as one', async () => {
    const api = createApi({ url: server.url })
    const user = crypto.randomUUID()
    const publish = (data: unknown) => api.publish({ topic: `user/${user}`, type: 'notification', data })
    await publish({ type: 'info', title: { a: 1 }, message: 'x' })
    await publish({ type: 'info', title: 'No message' })
    await publish('text')
    const { ids } = await publish({ type: 'constructor', title: 'Odd', message: 'x', link: 5, more: 1 })
    const { notifications } = await api.notifications(user)
    const odd = { id: ids[0], timeMs: expect.any(Number), type: 'info', title: 'Odd', message: 'x' }
    expect(notifications).toEqual([odd])
  })

  it('announcements, updates and activities reach everybody', async () => {
    const api = createApi({ url: server.url })
    const announced = await api.announce({ title: 'Maintenance', message: 'At two' })
    const updated = await api.update({ n: 1 })
    await api.update()
    const told = await api.activity({ type: 'deploy', message: 'Done', version: 3 })
    const { events } = await api.events({ topics: ['broadcast', 'activity/*'] })
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['announcement', { title: 'Maintenance', message: 'At two' }],
      ['update', { n: 1 }],
      ['update', {}],
      ['activity', { type: 'deploy', message: 'Done', version: 3 }],
    ])
    expect(events.map(({ id }) => id)).toEqual([announced.id, updated.id, expect.any(String), told.id])
  })

  it('figures and the session are as the server says', async () => {
    const api = createApi({ url: server.url })
    const raw = (await (await fetch(`${server.url}/api/stats`)).json()) as object
    const stats = await api.stats()
    expect(Object.keys(stats)).toEqual(Object.keys(raw))
    expect(stats).toMatchObject({ durability: 'fsync', totalConnections: 0 })
    expect(await api.session()).toEqual({ mode: 'dev', user: undefined, expiresAtMs: undefined })
  })

  it('a user who shows a token is told who they are, and until when', async () => {
    const { token, expiresAt } = await makeToken('alice')
    const api = createApi({ url: server.url, token })
    const session = await api.session()
    expect(session).toEqual({ mode: 'dev', user: 'alice', expiresAtMs: Date.parse(expiresAt) })
  })
})

describe('a write is sent again, and stored once', () => {
  const faults: [string, Fault[]][] = [
    ['the connection is refused in the middle', [hangsUp, hangsUp]],
    ['the answer is lost after it was stored', [losesTheAnswer, losesTheAnswer]],
    ...[408, 425, 429, 500, 502, 503, 504].map((status): [string, Fault[]] => [
      `a gateway says ${status}`,
      [answers(status)],
    ]),
    ['the server is shutting down', [answers(503, 'draining')]],
  ]

  it.each(faults)('when %s', async (_, script) => {
    await using flaky = await FlakyServer.start(server.url, script)
    const api = createApi({ url: flaky.url })
    const topic = topicOf('once')
    const { ids, isDuplicate } = await api.publish([
      { topic, data: 1 },
      { topic, data: 2 },
    ])
    expect(flaky.arrivals).toHaveLength(script.length + 1)
    expect(new Set(flaky.keys).size).toBe(1)
    expect(flaky.keys[0]).toMatch(/^\d+(-\d+){3}$/)
    expect(isDuplicate).toBe(script[0] === losesTheAnswer)
    const { events } = await createApi({ url: server.url }).events({ topics: topic })
    expect(events.map(({ id }) => id)).toEqual(ids)
  })

  it('under the key that was given, over several calls', async () => {
    await using flaky = await FlakyServer.start(server.url, [losesTheAnswer])
    const api = createApi({ url: flaky.url })
    const topic = topicOf('keyed')
    const idempotencyKey = crypto.randomUUID()
    const first = await api.publish({ topic }, { idempotencyKey })
    const again = await api.publish({ topic }, { idempotencyKey })
    expect(again).toEqual({ ...first, isDuplicate: true })
    expect(flaky.keys).toEqual([idempotencyKey, idempotencyKey, idempotencyKey])
    const error = await failure(api.publish({ topic: `${topic}/other` }, { idempotencyKey }))
    expect(error).toMatchObject({ status: 422, code: 'idempotency_mismatch' })
  })

  it('each call under a key of its own', async () => {
    await using flaky = await FlakyServer.start(server.url)
    const api = createApi({ url: flaky.url })
    await Promise.all([api.update(1), api.update(1), api.notify('alice', message), api.activity(told)])
    expect(new Set(flaky.keys).size).toBe(4)
    await api.stats()
    expect(flaky.keys[4]).toBeUndefined()
  })

  it('no sooner than Retry-After says', async () => {
    await using flaky = await FlakyServer.start(server.url, [
      answers(429, 'rate_limited', { 'retry-after': '1' }),
    ])
    const began = performance.now()
    await createApi({ url: flaky.url }).update(1)
    // A timer of Node may be a millisecond early.
    expect(performance.now() - began).toBeGreaterThanOrEqual(998)
  })

  it('but is not waited for longer than anybody waits', async () => {
    const inTwoHours = new Date(Date.now() + 7_200_000).toUTCString()
    await using flaky = await FlakyServer.start(server.url, [
      answers(503, 'overloaded', { 'retry-after': inTwoHours }),
    ])
    const error = await failure(createApi({ url: flaky.url }).update(1))
    expect(error.retryAfterMs).toBeGreaterThan(7_100_000)
    expect(flaky.arrivals).toHaveLength(1)
  })

  it('a bounded number of times, and then the last trouble is told', async () => {
    await using flaky = await FlakyServer.start(server.url, Array<Fault>(9).fill(answers(503, 'draining')))
    const error = await failure(createApi({ url: flaky.url, tries: 3 }).update(1))
    expect(error).toMatchObject({ status: 503, code: 'draining', message: 'Detail of draining.' })
    expect(flaky.arrivals).toHaveLength(3)
  })
})

const message = { type: 'info', title: 'Title', message: 'Message' } as const
const told = { type: 'deploy', message: 'Message' }

describe('what cannot pass is told at once', () => {
  it.each([
    [400, 'invalid_topic'],
    [403, 'forbidden'],
    [413, 'event_too_large'],
    [507, 'storage_full'],
  ])('%i %s becomes an error with the code, the field and the words of the server', async (status, code) => {
    await using flaky = await FlakyServer.start(server.url, [answers(status, code)])
    const error = await failure(createApi({ url: flaky.url }).update(1))
    expect(error).toMatchObject({ name: 'TidingsRequestError', status, code, field: 'topic' })
    expect(error.message).toBe(`Detail of ${code}.`)
    expect(flaky.arrivals).toHaveLength(1)
  })

  it('a real server names the field', async () => {
    const api = createApi({ url: server.url })
    const error = await failure(api.publish({ topic: 'a b' }))
    expect(error).toMatchObject({ status: 400, code: 'invalid_topic', field: 'topic' })
    expect(await failure(api.publish([]))).toMatchObject({ code: 'invalid_field' })
    expect(await failure(api.events({ topics: 'a', limit: 0 }))).toMatchObject({ field: 'limit' })
  })

  it('an error without a code, and an answer that is no JSON', async () => {
    await using flaky = await FlakyServer.start(server.url, [answers(404), answers(200)])
    const api = createApi({ url: flaky.url })
    const missing = await failure(api.update(1))
    expect(missing).toMatchObject({ status: 404, code: 'status', message: '<h1>Bad Gateway</h1>' })
    expect(await failure(api.update(1))).toMatchObject({ status: 200, code: 'media-type' })
  })

  it('a redirect is not followed: credentials stay here', async () => {
    await using other = await FlakyServer.start(server.url)
    await using flaky = await FlakyServer.start(server.url, [
      answers(307, undefined, { location: `${other.url}/broadcast` }),
    ])
    const api = createApi({ url: flaky.url, headers: { 'x-secret': '1' }, token: 'secret' })
    expect(await failure(api.update(1))).toMatchObject({ status: 307, code: 'redirect' })
    expect(other.arrivals).toEqual([])
  })

  it('what is no JSON is not sent', async () => {
    await expect(createApi({ url: server.url }).update(1n)).rejects.toBeInstanceOf(TypeError)
  })

  it('nobody there is a network error, after all tries', async () => {
    const gone = await FlakyServer.start(server.url)
    const { url } = gone
    await gone[Symbol.asyncDispose]()
    const error = await failure(createApi({ url, tries: 2 }).stats())
    expect(error).toMatchObject({ status: 0, code: 'network' })
    expect(error.message).toContain(url)
    expect(error.cause).toBeInstanceOf(TypeError)
  })
})

describe('time and signals', () => {
  it('a try that takes too long is given up, and the next one counts', async () => {
    await using flaky = await FlakyServer.start(server.url, [isSilent])
    const api = createApi({ url: flaky.url, timeoutMs: 2_500 })
    expect(await api.update(1)).toMatchObject({ isDuplicate: false })
    expect(new Set(flaky.keys).size).toBe(1)
  })

  it('a server that never answers is a timeout', async () => {
    await using flaky = await FlakyServer.start(server.url, [isSilent, isSilent])
    const error = await failure(createApi({ url: flaky.url, timeoutMs: 50, tries: 2 }).update(1))
    expect(error).toMatchObject({ status: 0, code: 'timeout' })
  })

  it('a signal of the call, or of all calls, ends it with its reason: under way, or in a pause', async () => {
    await using flaky = await FlakyServer.start(server.url, [
      isSilent,
      isSilent,
      answers(503, 'draining', { 'retry-after': '30' }),
    ])
    const all = new AbortController()
    const one = new AbortController()
    const api = createApi({ url: flaky.url, signal: all.signal })
    const calls = [api.update(1, { signal: one.signal }), api.update(2)].map((call) =>
      call.catch((error) => error),
    )
    await until('both to arrive', () => flaky.arrivals.length === 2)
    one.abort('enough')
    expect(await calls[0]).toBe('enough')
    const paused = api.update(3).catch((error) => error)
    await until('the third to arrive', () => flaky.arrivals.length === 3)
    all.abort()
    for (const call of [calls[1], paused]) expect(await call).toMatchObject({ name: 'AbortError' })
    await expect(api.stats()).rejects.toMatchObject({ name: 'AbortError' })
    expect(flaky.arrivals).toHaveLength(3)
  })
})

describe('what is the application’s own, and knows nothing of signals', () => {
  const forever = () => new Promise<never>(() => {})

  it.each([
    ['a token', { token: forever }],
    ['headers', { headers: forever }],
    ['a fetch', { fetch: forever }],
  ])('%s that never comes keeps no call that is aborted', async (_name, own) => {
    const end = new AbortController()
    const call = createApi({ url: server.url, ...own }).stats({ signal: end.signal })
    end.abort('enough')
    await expect(call).rejects.toBe('enough')
  })

  it('a fetch that never answers is a timeout', async () => {
    const api = createApi({ url: server.url, fetch: forever, timeoutMs: 20, tries: 2 })
    expect(await failure(api.stats())).toMatchObject({ status: 0, code: 'timeout' })
  })
})

describe('credentials', () => {
  it('a token is asked for each request, and once more after a 401', async () => {
    await using flaky = await FlakyServer.start(server.url, [answers(401, 'unauthorized')])
    const { token: good } = await makeToken('alice', ['notes'])
    const reasons: string[] = []
    const api = createApi({
      url: flaky.url,
      token: ({ reason }) => {
        reasons.push(reason)
        return reason === 'rejected' ? good : 'stale'
      },
    })
    await api.publish({ topic: 'notes' })
    expect(reasons).toEqual(['connect', 'rejected'])
    expect(flaky.arrivals.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer stale',
      `Bearer ${good}`,
    ])
    expect(new Set(flaky.keys).size).toBe(1)
  })

  it('a second 401 is the end, and so is the first for a token that never changes', async () => {
    await using flaky = await FlakyServer.start(server.url)
    for (const token of [() => 'bad', 'bad']) {
      flaky.arrivals.length = 0
      const error = await failure(createApi({ url: flaky.url, token }).stats())
      expect(error).toMatchObject({ status: 401, code: 'unauthorized' })
      expect(flaky.arrivals).toHaveLength(typeof token === 'string' ? 1 : 2)
    }
  })

  it('without the token that it should show, a request is not sent', async () => {
    await using flaky = await FlakyServer.start(server.url)
    for (const token of [() => undefined, () => '', async () => undefined]) {
      const error = await failure(createApi({ url: flaky.url, token }).update(1))
      expect(error).toMatchObject({ status: 0, code: 'token' })
    }
    const broken = createApi({ url: flaky.url, token: () => Promise.reject(new RangeError('no luck')) })
    await expect(broken.update(1)).rejects.toBeInstanceOf(RangeError)
    // A line break in a token would be a header of its own.
    await expect(createApi({ url: flaky.url, token: 'a\nb' }).update(1)).rejects.toBeInstanceOf(TypeError)
    expect(() => createApi({ url: flaky.url, token: '' })).toThrow(/empty/)
    expect(flaky.arrivals).toEqual([])
  })

  it("headers are yours, but for those that are Tidings'", async () => {
    await using flaky = await FlakyServer.start(server.url)
    const headers = { 'X-Mine': '1', authorization: 'Basic x', 'content-type': 'text/plain' }
    const { token } = await makeToken('alice', ['notes'])
    await createApi({ url: flaky.url, token, headers }).publish({ topic: 'notes' })
    await createApi({ url: flaky.url, headers: async () => ({ 'X-Mine': '2' }) }).stats()
    const [first, second] = flaky.arrivals.map((arrival) => arrival.headers)
    expect(first).toMatchObject({
      'x-mine': '1',
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
    })
    expect(second).toMatchObject({ 'x-mine': '2' })
  })

  it('another fetch can be given', async () => {
    const seen: string[] = []
    const api = createApi({
      url: server.url,
      fetch: (input, init) => {
        seen.push(String(input))
        return fetch(input, init)
      },
    })
    await api.stats()
    expect(seen).toEqual([`${server.url}/api/stats`])
  })
})

async function makeToken(
  user: string,
  publish: string[] = [],
): Promise<{ token: string; expiresAt: string }> {
  const response = await fetch(`${server.url}/api/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user, publish }),
  })
  expect(response.status).toBe(201)
  return (await response.json()) as { token: string; expiresAt: string }
}
