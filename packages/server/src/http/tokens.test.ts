import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from './test-app.ts'

const none = { publish: [], subscribe: [], notify: [], admin: [] }

let app: TestApp
/** A key that administers users, and may hand on what is below `orders` and the right to publish to `clicks/*`. */
let backend: Record<string, string>
let operator: Record<string, string>

beforeAll(async () => {
  app = await startTestApp({ dev: 'off', tokenMaxLifetimeMs: 7_200_000 })
  const make = async (name: string, grants: object) =>
    bearer((await app.auth.store.createKey({ name, grants: { ...none, ...grants } })).secret)
  backend = await make('backend', { admin: ['user/*'], subscribe: ['orders/**'], publish: ['clicks/*'] })
  operator = await make('operator', { admin: ['**'] })
})

afterAll(() => app.close())

function bearer(shown: string): Record<string, string> {
  return { authorization: `Bearer ${shown}` }
}

/** What the bearer of a new token is answered at these streams. */
async function readers(body: object, paths: readonly string[]): Promise<number[]> {
  const { status, json } = await app.post('/api/tokens', body, backend)
  expect(status).toBe(201)
  const statuses = paths.map(async (path) => {
    const stream = await app.follow(path, bearer(json.token))
    stream.close()
    return stream.status
  })
  return Promise.all(statuses)
}

describe('a token that a key makes for a user', () => {
  it('lets them read what is theirs and what is everybody’s, and what was handed on', async () => {
    const paths = ['/events/alice', '/events', '/events?topic=orders/1', '/events/bob']
    expect(await readers({ user: 'alice' }, paths)).toEqual([200, 200, 403, 403])
    expect(await readers({ user: 'alice', subscribe: ['orders/*'] }, paths)).toEqual([200, 200, 200, 403])
  })

  it('has the user filled in where {sub} stands', async () => {
    const paths = ['/events?topic=orders/alice/1', '/events?topic=orders/bob/1']
    expect(await readers({ user: 'alice', subscribe: ['orders/{sub}/*'] }, paths)).toEqual([200, 403])
    const { json } = await app.post('/api/tokens', { user: 'alice', publish: ['clicks/{sub}'] }, backend)
    expect((await app.post('/api/events', { topic: 'clicks/alice' }, bearer(json.token))).status).toBe(201)
    expect((await app.post('/api/events', { topic: 'clicks/bob' }, bearer(json.token))).status).toBe(403)
  })

  it('lives as long as was asked for, an hour otherwise, and the answer says until when', async () => {
    for (const [ttl, ms] of [
      [undefined, 3_600_000],
      ['15m', 900_000],
      [60_000, 60_000],
      ['2h', 7_200_000],
    ] as const) {
      const { json } = await app.post('/api/tokens', { user: 'alice', ttl }, backend)
      expect(Math.abs(Date.parse(json.expiresAt) - Date.now() - ms)).toBeLessThan(20_000)
      const { json: session } = await app.get('/api/session', bearer(json.token))
      expect(Math.abs(Date.parse(session.expiresAt) - Date.parse(json.expiresAt))).toBeLessThan(1_000)
    }
  })

  it.each([0, -1, 1.5, '3h', 'soon', '', {}, 7_200_001])('is not made to live for %j', async (ttl) => {
    const answer = await app.post('/api/tokens', { user: 'alice', ttl }, backend)
    expect([answer.status, answer.json.field]).toEqual([400, 'ttl'])
  })
})

describe('a key hands on no more than it has', () => {
  it.each([
    { subscribe: ['**'] },
    { subscribe: ['*/1'] },
    { subscribe: ['secrets'] },
    { subscribe: ['orders'] },
    { subscribe: ['$metrics'] },
    { subscribe: ['clicks/1'] },
    { subscribe: ['user/bob'] },
    { publish: ['orders/1'] },
    { publish: ['clicks/**'] },
    { publish: ['user/{sub}'] },
    { subscribe: ['orders/1', 'secrets'] },
  ])('%j is refused', async (grants) => {
    const answer = await app.post('/api/tokens', { user: 'alice', ...grants }, backend)
    expect([answer.status, answer.json.code]).toEqual([403, 'forbidden'])
    expect(answer.json.token).toBeUndefined()
  })

  it('who runs the whole server may hand on everything', async () => {
    const body = { user: 'alice', subscribe: ['**', '$metrics'], publish: ['**'] }
    expect((await app.post('/api/tokens', body, operator)).status).toBe(201)
  })

  it('nor may a user make tokens, or a key for users that it does not administer', async () => {
    const { token } = (await app.post('/api/tokens', { user: 'alice' }, backend)).json
    expect((await app.post('/api/tokens', { user: 'alice' }, bearer(token))).status).toBe(403)
    const { secret } = await app.auth.store.createKey({
      name: 'alices',
      grants: { ...none, admin: ['user/alice'] },
    })
    expect((await app.post('/api/tokens', { user: 'alice' }, bearer(secret))).status).toBe(201)
    expect((await app.post('/api/tokens', { user: 'bob' }, bearer(secret))).status).toBe(403)
  })
})

describe('what no token can be made of', () => {
  it.each([
    [{}, 'user'],
    [{ user: 1 }, 'user'],
    [{ user: 'alice', admin: ['**'] }, 'admin'],
    [{ user: 'alice', subscribe: '**' }, 'subscribe'],
    [{ user: 'alice', publish: [1] }, 'publish'],
    [{ user: 'alice', subscribe: Array.from({ length: 101 }, (_, index) => `orders/${index}`) }, 'subscribe'],
  ])('%j', async (body, field) => {
    const answer = await app.post('/api/tokens', body, backend)
    expect([answer.status, answer.json.code, answer.json.field]).toEqual([400, 'invalid_field', field])
  })

  it.each(['', 'a/b', '*', '**', '..', 'a b', 'a\u0000'])('a user %j', async (user) => {
    const answer = await app.post('/api/tokens', { user }, operator)
    expect([answer.status, answer.json.code]).toEqual([400, 'invalid_topic'])
  })

  it('a pattern that breaks the grammar', async () => {
    const answer = await app.post('/api/tokens', { user: 'alice', subscribe: ['a/**/b'] }, operator)
    expect([answer.status, answer.json.code]).toEqual([400, 'invalid_topic'])
  })

  it('a hundred patterns are not too many, and the token counts', async () => {
    const subscribe = Array.from({ length: 100 }, (_, index) => `orders/${index}`)
    expect(await readers({ user: 'alice', subscribe }, ['/events?topic=orders/99'])).toEqual([200])
  })
})

it('the log says who made a token for whom, and not the token', async () => {
  const { token } = (await app.post('/api/tokens', { user: 'erin' }, backend)).json
  const log = app.logged.join('')
  expect(log).toMatch(/"caller":"key [0-9a-z]{12}","user":"erin"/)
  expect(log).not.toContain(token)
})
