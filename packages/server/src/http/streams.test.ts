import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestApp, type TestApp } from './test-app.ts'

const none = { publish: [], subscribe: [], notify: [], admin: [] }

let app: TestApp
let operator: Record<string, string>

beforeAll(async () => {
  app = await startTestApp({ dev: 'off', expiryNoticeMs: 2_500, maxTopics: 4 })
  const grants = { ...none, publish: ['**'], subscribe: ['**'], admin: ['**'] }
  operator = bearer((await app.auth.store.createKey({ name: 'operator', grants })).secret)
})

afterAll(() => app.close())

function bearer(shown: string): Record<string, string> {
  return { authorization: `Bearer ${shown}` }
}

function mint(subject: string, options: { lifetimeMs?: number; subscribe?: string[] } = {}): Promise<string> {
  const { lifetimeMs = 60_000, subscribe = ['orders/*'] } = options
  return app.auth.own.mint('user', { subject, expiresAt: Date.now() + lifetimeMs, subscribe, publish: [] })
}

async function follow(shown: string, path: string) {
  const stream = await app.follow(path, bearer(shown))
  expect(stream.status).toBe(200)
  const [connected] = await stream.next(1)
  return { ...stream, clientId: JSON.parse(connected!.data).clientId as string }
}

async function change(clientId: string, body: unknown, headers: Record<string, string>) {
  const response = await fetch(`${app.url}/streams/${clientId}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: response.status, text: await response.text() }
}

async function publish(topic: string, text: string): Promise<string> {
  const { status, json } = await app.post('/api/events', { topic, text }, operator)
  expect(status).toBe(201)
  return json.ids[0]
}

describe('an open stream whose token ends', () => {
  it('is told in time, goes on under a newer one, and misses nothing', async () => {
    const stream = await follow(await mint('alice', { lifetimeMs: 3_000 }), '/events?topic=orders/1')
    const [expiring] = await stream.next(1)
    expect(expiring!.event).toBe('expiring')
    const endMs = Date.parse(JSON.parse(expiring!.data).expiresAt)
    const newer = bearer(await mint('alice'))
    const renewed = await app.post(`/streams/${stream.clientId}/token`, undefined, newer)
    expect(renewed.status).toBe(200)
    expect(Date.parse(renewed.json.expiresAt)).toBeGreaterThan(Date.now() + 50_000)
    // Within a second of its end the server would have ended the stream.
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(endMs + 1_000))
    await publish('orders/1', 'still here')
    expect((await stream.next(1))[0]!.data).toBe('still here')
    stream.close()
  })

  it('ends with it, within a second, and is told to come back', async () => {
    const lifetimeMs = 3_000
    const ends = Date.now() + lifetimeMs
    const stream = await follow(await mint('alice', { lifetimeMs }), '/events?topic=orders/1')
    const [expiring, goodbye] = await stream.next(2)
    expect(expiring!.event).toBe('expiring')
    expect(JSON.parse(goodbye!.data)).toMatchObject({ reason: 'expired', reconnect: true })
    expect(Date.now() - ends).toBeLessThan(20_000)
    expect(Date.now()).toBeGreaterThanOrEqual(ends - 50)
  })

  it('is not renewed by a token that does not count, nor by one that grants less', async () => {
    const stream = await follow(await mint('alice'), '/events?topic=orders/1')
    const renew = (shown: string) => app.post(`/streams/${stream.clientId}/token`, undefined, bearer(shown))
    expect((await renew('x')).status).toBe(401)
    expect((await renew(await mint('alice', { lifetimeMs: -1 }))).status).toBe(401)
    expect((await renew(await mint('alice', { subscribe: [] }))).status).toBe(403)
    await publish('orders/1', 'as before')
    expect((await stream.next(1))[0]!.data).toBe('as before')
    stream.close()
  })
})

describe('the topics of an open stream', () => {
  it('change without a gap, and what is added can begin in the past', async () => {
    const token = await mint('alice')
    await publish('orders/2', 'before')
    const stream = await follow(token, '/events?topic=orders/1')
    const answer = await change(
      stream.clientId,
      { add: ['orders/2'], remove: ['orders/1'], last: 1 },
      bearer(token),
    )
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.text)).toEqual({
      topics: ['orders/2'],
      cursor: expect.stringMatching(/^[a-z0-9.]+$/),
    })
    await publish('orders/1', 'no longer')
    await publish('orders/2', 'after')
    const seen: string[] = []
    while (seen.at(-1) !== 'after') {
      const [event] = await stream.next(1)
      if (event!.event === undefined) seen.push(event!.data)
    }
    expect(seen).toEqual(['before', 'after'])
    stream.close()
  })

  it('never go beyond what its caller may read', async () => {
    const token = await mint('alice')
    const stream = await follow(token, '/events?topic=orders/1')
    for (const topic of ['secrets', 'user/bob', 'user/*/x', '$metrics']) {
      expect((await change(stream.clientId, { add: [topic], last: 10 }, bearer(token))).status).toBe(403)
    }
    await publish('secrets', 'hidden before')
    // Some of these topics it may read: those it gets.
    expect((await change(stream.clientId, { add: ['**', 'user/*'] }, bearer(token))).status).toBe(200)
    await publish('secrets', 'hidden')
    await publish('user/bob', 'hidden')
    await publish('orders/1', 'shown')
    expect((await stream.next(1))[0]!.data).toBe('shown')
    stream.close()
  })

  it.each([
    [{ add: 'orders/2' }, 'invalid_field'],
    [{ add: ['a//b'] }, 'invalid_topic'],
    [{ topics: ['orders/2'] }, 'invalid_field'],
    [{ remove: ['orders/1'] }, 'invalid_field'],
    [{ add: ['orders/2'], after: 'x' }, 'invalid_field'],
    [{ add: ['orders/2'], last: 1_001 }, 'invalid_field'],
    [{ add: ['orders/2', 'orders/3', 'orders/4', 'orders/5'] }, 'too_many_topics'],
    [[], 'invalid_field'],
    [null, 'invalid_field'],
  ])('%j changes nothing', async (body, code) => {
    const token = await mint('alice')
    const stream = await follow(token, '/events?topic=orders/1')
    const answer = await change(stream.clientId, body, bearer(token))
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([400, code])
    await publish('orders/1', 'as before')
    expect((await stream.next(1))[0]!.data).toBe('as before')
    stream.close()
  })
})

describe('a stream of somebody else', () => {
  it('is not found, in the same words as one that is not there', async () => {
    const stream = await follow(await mint('alice'), '/events?topic=orders/1')
    const texts = new Set<string>()
    const strangers = [bearer(await mint('bob')), operator]
    for (const headers of strangers) {
      for (const clientId of [stream.clientId, 'nothing', '..%2f', '%00']) {
        const renewed = await app.post(`/streams/${clientId}/token`, undefined, headers)
        const changed = await change(clientId, { add: ['orders/2'] }, headers)
        expect([renewed.status, changed.status]).toEqual([404, 404])
        texts.add(renewed.text).add(changed.text)
      }
    }
    expect(texts.size).toBe(1)
    await publish('orders/1', 'untouched')
    expect((await stream.next(1))[0]!.data).toBe('untouched')
    stream.close()
  })
})
