import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sessionCookie } from '../auth/cookies.ts'
import { startTestApp, type TestApp } from './test-app.ts'

const friend = 'https://app.example'
const stranger = 'https://evil.example'
const sameOrigin = { 'sec-fetch-site': 'same-origin' }

const none = { publish: [], subscribe: [], notify: [], admin: [] }

let app: TestApp
/** API keys, as they are shown. */
let backend: string
let gone: string
/** Tokens of users. */
let alice: string
let bob: string

beforeAll(async () => {
  app = await startTestApp({ dev: 'off', corsOrigins: [friend] })
  const { store } = app.auth
  backend = (
    await store.createKey({
      name: 'backend',
      grants: { ...none, publish: ['**'], notify: ['user/*'], admin: ['user/**'] },
    })
  ).secret
  const revoked = await store.createKey({ name: 'gone', grants: { ...none, admin: ['**'] } })
  gone = revoked.secret
  await store.revokeKey(revoked.key.id)
  alice = await mint('alice')
  bob = await mint('bob')
})

afterAll(() => app.close())

async function mint(subject: string, lifetimeMs = 60_000): Promise<string> {
  const grants = { subscribe: ['orders/{sub}'], publish: ['orders/{sub}'] }
  return app.auth.own.mint('user', { subject, expiresAt: Date.now() + lifetimeMs, ...grants })
}

function bearer(shown: string): Record<string, string> {
  return { authorization: `Bearer ${shown}` }
}

/** The cookie of a session, as a browser sends it. */
async function sessionOf(token: string): Promise<Record<string, string>> {
  const { status, headers } = await app.post('/api/session', undefined, bearer(token))
  expect(status).toBe(200)
  return { cookie: headers.get('set-cookie')!.split(';')[0]! }
}

async function storedEvents(): Promise<number> {
  return (await app.tidings.stats()).eventsStored
}

const guarded = [
  ['GET', '/events'],
  ['GET', '/events/alice'],
  ['GET', '/api/events?topic=a'],
  ['GET', '/api/activity-feed'],
  ['GET', '/api/metrics'],
  ['GET', '/api/notifications/alice'],
  ['GET', '/api/stats'],
  ['GET', '/api/presence?topic=a'],
  ['GET', '/metrics'],
  ['POST', '/api/events'],
  ['POST', '/broadcast'],
  ['POST', '/api/admin/rotate'],
  ['POST', '/api/admin/revoke'],
  ['POST', '/api/tokens'],
  ['POST', '/api/tickets'],
  ['POST', '/api/session'],
  ['POST', '/streams/abc/token'],
  ['PATCH', '/streams/abc'],
] as const

async function ask(method: string, path: string, headers: Record<string, string>) {
  const body = method === 'GET' ? {} : { body: '{"topic":"a"}' }
  const json = method === 'GET' ? {} : { 'content-type': 'application/json' }
  const response = await fetch(app.url + path, { method, headers: { ...json, ...headers }, ...body })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

describe('whoever shows nothing', () => {
  it('is told what to show, everywhere in the same words', async () => {
    const texts = new Set<string>()
    for (const [method, path] of guarded) {
      const { status, headers, text } = await ask(method, path, {})
      expect([path, status]).toEqual([path, 401])
      expect(headers.get('www-authenticate')).toBe('Bearer')
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
      texts.add(text)
    }
    expect(texts.size).toBe(1)
    expect([...texts][0]).toContain('Authorization')
  })

  it('still finds out how the server is, what it offers, and that they are nobody', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs', '/']) {
      expect([path, (await app.get(path)).status]).toEqual([path, 200])
    }
    const { status, json } = await app.get('/api/session')
    expect([status, json]).toEqual([200, { mode: 'production', user: null, expiresAt: null }])
  })
})

describe('what does not count', () => {
  it('gets one answer, whatever is wrong with it, and whoever it is about', async () => {
    const [, id] = backend.split('_')
    const wrong = [
      bearer('x'),
      bearer(''),
      { authorization: 'Basic YWxpY2U6YWxpY2U=' },
      { authorization: alice },
      bearer(`tdk_${id}_${'0'.repeat(40)}`),
      bearer(`tdk_${'0'.repeat(12)}_${'0'.repeat(40)}`),
      bearer(`tdk_${id}`),
      bearer(`${backend}x`),
      bearer(gone),
      bearer(`${alice}x`),
      bearer(`${alice.split('.').slice(0, 2).join('.')}.`),
      bearer(await mint('alice', -1_000)),
      bearer(await app.auth.own.mint('session', { ...claims('alice') })),
      bearer(await app.auth.own.mint('stream', { ...claims('alice') })),
      { cookie: `${sessionCookie}=${alice}`, ...sameOrigin },
      { cookie: `${sessionCookie}=x`, ...sameOrigin },
      { cookie: `${sessionCookie}=`, ...sameOrigin },
    ]
    const texts = new Set<string>()
    for (const headers of wrong) {
      for (const path of ['/events', '/api/events?topic=broadcast', '/api/stats', '/events?ticket=x']) {
        const answer = await ask('GET', path, headers)
        // A ticket beside a header is two credentials at once, which is another mistake.
        if (path.includes('ticket') && 'authorization' in headers) continue
        expect([path, headers, answer.status]).toEqual([path, headers, 401])
        texts.add(answer.text)
      }
    }
    expect(texts.size).toBe(1)
    // Streams that were closed before may be counted a moment longer.
    await expect.poll(() => app.tidings.audience('broadcast')).toBe(0)
  })

  it('is never taken for nothing in dev mode either', async () => {
    const dev = await startTestApp()
    expect((await dev.get('/api/session')).json.mode).toBe('dev')
    expect((await dev.get('/api/stats')).status).toBe(200)
    for (const headers of [bearer('x'), bearer(backend), bearer(alice), { authorization: 'x' }]) {
      expect((await dev.get('/events', headers)).status).toBe(401)
      expect((await dev.post('/api/events', { topic: 'a' }, headers)).status).toBe(401)
    }
    const cookie = { cookie: `${sessionCookie}=x`, ...sameOrigin }
    expect((await dev.get('/events', cookie)).status).toBe(401)
    expect((await dev.get('/events?ticket=x')).status).toBe(401)
    await dev.close()
  })

  it('is in no log', async () => {
    await app.post('/api/session', undefined, bearer(alice))
    const log = app.logged.join('')
    for (const secret of [backend, gone, alice, bob, alice.split('.')[2]!, backend.split('_')[2]!]) {
      expect(log).not.toContain(secret)
    }
  })
})

function claims(subject: string) {
  return { subject, expiresAt: Date.now() + 60_000, subscribe: [], publish: [] }
}

describe('the first key', () => {
  it('ends dev mode on a running server, also for streams that are open, and for good', async () => {
    const dev = await startTestApp()
    const rebound = 'GET /api/session HTTP/1.1\r\nHost: push.example\r\nConnection: close\r\n\r\n'
    expect(await dev.raw(rebound)).toMatch(/^HTTP\/1\.1 403 /)
    const stream = await dev.follow('/events')
    await stream.next(1)
    const { key } = await dev.auth.store.createKey({ name: 'first', grants: { ...none, admin: ['**'] } })
    const [goodbye] = await stream.next(1)
    expect(goodbye).toMatchObject({ event: 'goodbye' })
    expect(JSON.parse(goodbye!.data)).toMatchObject({ reason: 'revoked', reconnect: false })
    expect((await dev.get('/events')).status).toBe(401)
    // A page that was rebound to this server has no credential to show.
    expect(await dev.raw(rebound)).toMatch(/^HTTP\/1\.1 200 /)
    await dev.auth.store.revokeKey(key.id)
    expect((await dev.get('/events')).status).toBe(401)
    expect((await dev.get('/api/session')).json.mode).toBe('production')
    await dev.close()
  })
})

describe('credentials in a URL', () => {
  it.each(['token', 'access_token', 'Authorization', 'api_key', 'jwt'])(
    '"%s" is refused with what to do instead, and the value is repeated nowhere',
    async (name) => {
      for (const path of ['/events?', '/api/events?topic=a&', '/api/activity-feed?', '/api/metrics?']) {
        const answer = await app.get(`${path}${name}=${alice}`, bearer(alice))
        expect([answer.status, answer.json.code]).toEqual([400, 'invalid_query'])
        expect(answer.json.detail).toMatch(/Authorization.*\/api\/session.*\/api\/tickets/)
        expect(answer.text).not.toContain(alice)
      }
      expect(app.logged.join('')).not.toContain(alice)
    },
  )

  it('are not believed where the query is not read', async () => {
    expect((await app.post(`/api/events?token=${backend}`, { topic: 'a' })).status).toBe(401)
    expect((await app.get(`/api/stats?api_key=${backend}`)).status).toBe(401)
  })
})

describe('two credentials at once', () => {
  it('are refused if they are not of the same user', async () => {
    const asBob = { ...(await sessionOf(bob)), ...sameOrigin }
    for (const shown of [alice, backend]) {
      for (const path of ['/events', '/api/events?topic=broadcast']) {
        const answer = await app.get(path, { ...asBob, ...bearer(shown) })
        expect([answer.status, answer.json.code]).toEqual([400, 'bad_request'])
      }
    }
    const { ticket } = (await app.post('/api/tickets', undefined, bearer(bob))).json
    expect((await app.get(`/events?ticket=${ticket}`, bearer(alice))).json.code).toBe('bad_request')
    // Nor was the ticket spent by that.
    const stream = await app.follow(`/events?ticket=${ticket}`)
    expect(stream.status).toBe(200)
    stream.close()
  })

  it('may be a token and the session of the same user, which a browser sends along', async () => {
    const asAlice = { ...(await sessionOf(alice)), ...sameOrigin }
    expect((await app.get('/api/events?topic=broadcast', { ...asAlice, ...bearer(alice) })).status).toBe(200)
    expect((await app.post('/api/session', undefined, { ...asAlice, ...bearer(bob) })).json.user).toBe('bob')
  })
})

describe('a session', () => {
  it('is a cookie that no script reads, that no other site and no other host can use, and that ends with its token', async () => {
    const answer = await app.post('/api/session', undefined, bearer(await mint('alice', 30_000)))
    const [pair, ...attributes] = answer.headers.get('set-cookie')!.split('; ')
    expect(pair).toMatch(/^__Host-tidings=/)
    const maxAge = attributes.find((each) => each.startsWith('Max-Age='))!
    expect(attributes.sort()).toEqual(['HttpOnly', maxAge, 'Path=/', 'SameSite=Strict', 'Secure'])
    expect(Number(maxAge.slice(8))).toBeGreaterThan(25)
    expect(Number(maxAge.slice(8))).toBeLessThanOrEqual(30)
    expect(answer.json).toMatchObject({ mode: 'production', user: 'alice' })
    expect(answer.text).not.toContain(pair!.slice('__Host-tidings='.length))
  })

  it('says who it is of, and may be ended even when it does not count', async () => {
    const session = await sessionOf(alice)
    const { json } = await app.get('/api/session', { ...session, ...sameOrigin })
    expect(json).toEqual({ mode: 'production', user: 'alice', expiresAt: expect.stringMatching(/Z$/) })
    for (const cookie of [session.cookie!, `${sessionCookie}=x`]) {
      const answer = await fetch(`${app.url}/api/session`, {
        method: 'DELETE',
        headers: { cookie, ...sameOrigin },
      })
      expect(answer.status).toBe(204)
      expect(answer.headers.get('set-cookie')).toMatch(/^__Host-tidings=; .*Max-Age=0/)
    }
  })

  it('ends with the token that it was made for', async () => {
    const session = { ...(await sessionOf(await mint('alice', 3_000))), ...sameOrigin }
    expect((await app.get('/api/events?topic=broadcast', session)).status).toBe(200)
    await expect
      .poll(async () => (await app.get('/api/events?topic=broadcast', session)).status, {
        timeout: 30_000,
      })
      .toBe(401)
  })

  it('is for users, not for keys', async () => {
    for (const path of ['/api/session', '/api/tickets']) {
      const answer = await app.post(path, undefined, bearer(backend))
      expect([answer.status, answer.json.code]).toEqual([403, 'forbidden'])
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
  })
})

describe('a cookie that another page makes the browser send', () => {
  const foreign = [
    { origin: stranger, 'sec-fetch-site': 'cross-site' },
    { origin: stranger },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'null' },
    { origin: `${friend}.evil.example` },
    {},
  ]

  it('opens no stream and reads nothing, and the page gets nothing to read', async () => {
    const session = await sessionOf(alice)
    const opened = () => app.logged.filter((line) => line.includes('a stream opened')).length
    const before = opened()
    for (const headers of foreign) {
      for (const path of ['/events?last=10', '/api/events?topic=broadcast', '/api/notifications/alice']) {
        const answer = await app.get(path, { ...session, ...headers })
        expect([headers, path, answer.status, answer.json.code]).toEqual([headers, path, 403, 'forbidden'])
        expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      }
    }
    expect(opened()).toBe(before)
    // Streams that were closed before may be counted a moment longer.
    await expect.poll(() => app.tidings.audience('broadcast')).toBe(0)
  })

  it('publishes nothing, whatever a form can send', async () => {
    const session = await sessionOf(alice)
    const before = await storedEvents()
    const forms = ['text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded']
    for (const type of forms) {
      for (const path of ['/api/events?topic=orders/alice', '/api/session', '/api/tickets', '/api/tokens']) {
        for (const headers of foreign) {
          const answer = await app.post(path, '{"topic":"orders/alice"}', {
            ...session,
            ...headers,
            'content-type': type,
          })
          expect([path, headers, [401, 403, 415].includes(answer.status)]).toEqual([path, headers, true])
        }
      }
      const own = { ...session, ...sameOrigin, 'content-type': type }
      expect((await app.post('/api/events?topic=orders/alice', 'x', own)).json.code).toBe(
        'unsupported_media_type',
      )
    }
    expect(await storedEvents()).toBe(before)
  })

  it.each([
    ['this origin, as the browser says', { 'sec-fetch-site': 'same-origin' }],
    ['an origin that is on the list', { origin: friend, 'sec-fetch-site': 'cross-site' }],
  ])('counts if the page is of %s', async (_name, headers) => {
    const session = { ...(await sessionOf(alice)), ...headers }
    const stream = await app.follow('/events', session)
    expect(stream.status).toBe(200)
    stream.close()
    expect((await app.post('/api/events', { topic: 'orders/alice' }, session)).status).toBe(201)
    expect((await app.post('/api/tickets', undefined, session)).status).toBe(201)
  })

  it('counts if an older browser says in Origin that the page is of this host', async () => {
    const session = { ...(await sessionOf(alice)), origin: app.url }
    expect((await app.get('/api/events?topic=broadcast', session)).status).toBe(200)
  })
})

describe('what is of others', () => {
  it('is refused in the same words whether it exists or not', async () => {
    await app.post('/api/notifications/bob', { type: 'info', title: 'a', message: 'b' }, bearer(backend))
    const same = async (paths: readonly string[]) => {
      const answers = await Promise.all(paths.map((path) => app.get(path, bearer(alice))))
      for (const { status } of answers) expect(status).toBe(403)
      // The one thing that differs is what the caller wrote.
      const texts = answers.map(({ text }) => text.replaceAll(/bob|nobody/g, '…'))
      expect(new Set(texts).size).toBe(1)
    }
    await same(['/events/bob', '/events/nobody'])
    await same(['/api/events?topic=user/bob&limit=1', '/api/events?topic=user/nobody&limit=1'])
    await same(['/events?topic=orders/bob', '/events?topic=orders/nobody'])
    await same(['/api/notifications/bob', '/api/notifications/nobody'])
    await same(['/api/presence?topic=user/bob', '/api/presence?topic=user/nobody'])
  })

  it('cannot be published to, and nothing is stored', async () => {
    const before = await storedEvents()
    const tries = [
      app.post('/api/events', { topic: 'orders/bob' }, bearer(alice)),
      app.post('/api/events', [{ topic: 'orders/alice' }, { topic: 'orders/bob' }], bearer(alice)),
      app.post('/api/events', { topic: 'user/bob' }, bearer(alice)),
      app.post('/broadcast', undefined, bearer(alice)),
      app.post('/api/notifications/bob', { type: 'info', title: 'a', message: 'b' }, bearer(alice)),
    ]
    for (const { status, json } of await Promise.all(tries))
      expect([status, json.code]).toEqual([403, 'forbidden'])
    expect(await storedEvents()).toBe(before)
  })

  it('is not told by their idempotency keys, nor kept from being published by them', async () => {
    const { secret } = await app.auth.store.createKey({
      name: 'second',
      grants: { ...none, publish: ['shared'] },
    })
    const event = { topic: 'shared', text: 'hello' }
    const key = { 'idempotency-key': 'order-42' }
    const first = await app.post('/api/events', event, { ...bearer(backend), ...key })
    const second = await app.post('/api/events', event, { ...bearer(secret), ...key })
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.json.ids).not.toEqual(first.json.ids)
    const own = await app.post('/api/events', event, { ...bearer(backend), ...key })
    expect([own.status, own.json.ids]).toEqual([200, first.json.ids])
    const other = await app.post('/api/events', { ...event, text: 'x' }, { ...bearer(secret), ...key })
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_mismatch'])
  })

  it('is for who runs the server alone', async () => {
    const admin = [
      app.get('/api/stats', bearer(alice)),
      app.get('/metrics', bearer(alice)),
      app.post('/api/admin/rotate', undefined, bearer(alice)),
      app.post('/api/admin/revoke', { user: 'bob' }, bearer(alice)),
      app.post('/api/admin/revoke', { user: 'alice' }, bearer(alice)),
      app.post('/api/tokens', { user: 'alice' }, bearer(alice)),
      // A key of some users is not one of the whole server.
      app.get('/api/stats', bearer(backend)),
      app.post('/api/admin/rotate', undefined, bearer(backend)),
      app.post('/api/admin/revoke', { tokenId: 'x' }, bearer(backend)),
      app.post('/api/admin/revoke', { keyId: backend.split('_')[1] }, bearer(backend)),
    ]
    for (const { status, json } of await Promise.all(admin))
      expect([status, json.code]).toEqual([403, 'forbidden'])
    expect((await app.post('/api/events', { topic: 'a' }, bearer(backend))).status).toBe(201)
  })

  it('a key to notify sends notifications, and nothing else', async () => {
    const { secret } = await app.auth.store.createKey({
      name: 'notifier',
      grants: { ...none, notify: ['user/alice'] },
    })
    const hello = { type: 'info', title: 'a', message: 'b' }
    expect((await app.post('/api/notifications/alice', hello, bearer(secret))).status).toBe(201)
    expect((await app.post('/api/notifications/bob', hello, bearer(secret))).status).toBe(403)
    expect((await app.post('/api/events', { topic: 'user/alice' }, bearer(secret))).status).toBe(403)
    expect((await app.get('/api/notifications/alice', bearer(secret))).status).toBe(403)
  })
})
