import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCredentialStore } from '../auth/store/open-credential-store.ts'
import { startTestApp, type TestApp } from './test-app.ts'

const none = { publish: [], subscribe: [], notify: [], admin: [] }

let app: TestApp
let operator: Record<string, string>
let made = 0

beforeAll(async () => {
  app = await startTestApp({ dev: 'off' })
  const grants = { ...none, publish: ['**'], subscribe: ['**'], admin: ['**'] }
  operator = bearer((await app.auth.store.createKey({ name: 'operator', grants })).secret)
})

afterAll(() => app.close())

function bearer(shown: string): Record<string, string> {
  return { authorization: `Bearer ${shown}` }
}

function makeKey(grants: object) {
  return app.auth.store.createKey({ name: `key ${++made}`, grants: { ...none, ...grants } })
}

async function mint(subject: string, tokenId?: string): Promise<string> {
  const expiresAt = Date.now() + 60_000
  return app.auth.own.mint('user', { subject, tokenId, expiresAt, subscribe: ['**'], publish: ['**'] })
}

async function follow(shown: string, path = '/events?topic=news') {
  const stream = await app.follow(path, bearer(shown))
  expect(stream.status).toBe(200)
  const [connected] = await stream.next(1)
  return { ...stream, clientId: JSON.parse(connected!.data).clientId as string }
}

type Stream = Awaited<ReturnType<typeof follow>>

async function expectRevoked(stream: Stream): Promise<void> {
  const [last] = await stream.next(1)
  expect(last!.event).toBe('goodbye')
  expect(JSON.parse(last!.data)).toMatchObject({ reason: 'revoked', reconnect: false })
}

/** Whether a stream is alive: it gets what is published now, and nothing before. */
async function expectAlive(stream: Stream): Promise<void> {
  const data = `alive ${++made}`
  await app.post('/api/events', { topic: 'news', text: data }, operator)
  expect((await stream.next(1))[0]!.data).toBe(data)
}

async function revoke(body: object, headers = operator): Promise<number> {
  const { status, json } = await app.post('/api/admin/revoke', body, headers)
  expect(status).toBe(200)
  return json.ended
}

describe('what is revoked', () => {
  it('a user: all their streams end, whatever token they have, and no token of theirs counts any more', async () => {
    const tokens = [await mint('alice'), await mint('alice')]
    const streams = await Promise.all(tokens.map((token) => follow(token)))
    const bobs = await follow(await mint('bob'))
    expect(await revoke({ user: 'alice' })).toBe(2)
    for (const stream of streams) await expectRevoked(stream)
    for (const token of tokens) {
      expect((await app.get('/events', bearer(token))).status).toBe(401)
      expect((await app.post('/api/events', { topic: 'news' }, bearer(token))).status).toBe(401)
      expect((await app.get('/api/events?topic=news', bearer(token))).status).toBe(401)
      expect((await app.post('/api/session', undefined, bearer(token))).status).toBe(401)
    }
    await expectAlive(bobs)
    bobs.close()
    // What they are given from now on is new.
    const again = await follow(await mint('alice'))
    await expectAlive(again)
    again.close()
  })

  it('one token, by its id: the others of its user count on', async () => {
    const lost = await mint('carol', 'lost-laptop')
    const [stream, other] = [await follow(lost), await follow(await mint('carol'))]
    expect(await revoke({ tokenId: 'lost-laptop' })).toBe(1)
    await expectRevoked(stream)
    expect((await app.get('/events', bearer(lost))).status).toBe(401)
    await expectAlive(other)
    other.close()
  })

  it('also what was made of a token: its session, its tickets, its stream cookie', async () => {
    const token = await mint('dave', 'daves')
    const session = await app.post('/api/session', undefined, bearer(token))
    const cookie = session.headers.get('set-cookie')!.split(';')[0]!
    const own = { cookie, 'sec-fetch-site': 'same-origin' }
    const stream = await app.follow('/events', own)
    const { ticket } = (await app.post('/api/tickets', undefined, bearer(token))).json
    const ticketed = await app.follow(`/events?ticket=${ticket}`)
    const back = ticketed.headers.get('set-cookie')!.split(';')[0]!
    await Promise.all([stream.next(1), ticketed.next(1)])
    expect(await revoke({ tokenId: 'daves' })).toBe(2)
    expect((await stream.next(1))[0]!.event).toBe('goodbye')
    expect((await ticketed.next(1))[0]!.event).toBe('goodbye')
    expect((await app.get('/events', own)).status).toBe(401)
    const returning = { cookie: back, 'sec-fetch-site': 'same-origin' }
    expect((await app.get(`/events?ticket=${ticket}`, returning)).status).toBe(401)
  })

  it('a key', async () => {
    const { key, secret } = await makeKey({ subscribe: ['news'], publish: ['news'] })
    const stream = await follow(secret)
    expect((await app.post('/api/events', { topic: 'news', text: 'x' }, bearer(secret))).status).toBe(201)
    await stream.next(1)
    expect(await revoke({ keyId: key.id })).toBe(1)
    await expectRevoked(stream)
    expect((await app.post('/api/events', { topic: 'news' }, bearer(secret))).status).toBe(401)
    expect((await app.get('/events?topic=news', bearer(secret))).status).toBe(401)
  })

  it('one stream, by its name: its token counts on', async () => {
    const token = await mint('erin')
    const [one, other] = [await follow(token), await follow(token)]
    expect(await revoke({ connection: one.clientId })).toBe(1)
    await expectRevoked(one)
    await expectAlive(other)
    other.close()
    expect(await revoke({ connection: one.clientId })).toBe(0)
  })

  it('ends soon also when another process says so', async () => {
    const { key, secret } = await makeKey({ subscribe: ['news'] })
    const streams = [await follow(secret), await follow(await mint('frank'))]
    const { data, tokenMaxLifetimeMs } = app.tidings.settings
    const beside = await openCredentialStore({ data: data, tokenMaxLifetimeMs })
    const began = performance.now()
    await beside.revokeKey(key.id)
    await beside.revokeUser('frank')
    for (const stream of streams) await expectRevoked(stream)
    expect(performance.now() - began).toBeLessThan(20_000)
    expect((await app.get('/events?topic=news', bearer(secret))).status).toBe(401)
    await beside.close()
  })

  it('nothing that is published after the answer arrives, however much is on its way', async () => {
    const headers = bearer(await mint('grace'))
    const response = await fetch(`${app.url}/events?topic=flood`, { headers })
    const whole = response.text()
    let isOver = false
    let published = 0
    const flood = async () => {
      while (!isOver) {
        const batch = Array.from({ length: 50 }, () => ({ topic: 'flood', data: published++ }))
        await app.post('/api/events', batch, operator)
      }
    }
    const floods = [flood(), flood(), flood()]
    await expect.poll(() => published, { interval: 5 }).toBeGreaterThan(500)
    await revoke({ user: 'grace' })
    await app.post('/api/events', { topic: 'flood', data: 'after' }, operator)
    isOver = true
    await Promise.all(floods)
    const blocks = (await whole).trimEnd().split('\n\n')
    expect(blocks.length).toBeGreaterThan(2)
    expect(blocks.at(-1)).toMatch(/^retry: \d+\nevent: goodbye\ndata: .*"revoked"/)
    expect(blocks.filter((block) => block.includes('event: goodbye'))).toHaveLength(1)
    expect(blocks.join()).not.toContain('"after"')
  })

  it('a publish that is under way is stored or refused, and later ones are refused', async () => {
    const { key, secret } = await makeKey({ publish: ['race'] })
    const publish = () => app.post('/api/events', { topic: 'race' }, bearer(secret))
    const racing = Array.from({ length: 20 }, publish)
    await app.auth.store.revokeKey(key.id)
    const statuses = (await Promise.all(racing)).map(({ status }) => status)
    for (const status of statuses) expect([201, 401]).toContain(status)
    const page = await app.get('/api/events?topic=race', operator)
    expect(page.json.events).toHaveLength(statuses.filter((status) => status === 201).length)
    expect((await publish()).status).toBe(401)
  })
})

describe('who may revoke', () => {
  it('a key that administers a user, that user; and no other, and nothing else', async () => {
    const { key, secret } = await makeKey({ admin: ['user/heidi'] })
    const stream = await follow(await mint('heidi'))
    const refused = [{ user: 'ivan' }, { tokenId: 'x' }, { keyId: key.id }, { connection: stream.clientId }]
    for (const body of refused) {
      const answer = await app.post('/api/admin/revoke', body, bearer(secret))
      expect([body, answer.status]).toEqual([body, 403])
    }
    await expectAlive(stream)
    expect(await revoke({ user: 'heidi' }, bearer(secret))).toBe(1)
    await expectRevoked(stream)
  })

  it.each([
    {},
    { user: 'a', tokenId: 'b' },
    { user: 1 },
    { user: '' },
    { keyId: 'x'.repeat(257) },
    { all: true },
    [],
    null,
  ])('nobody revokes %j', async (body) => {
    const answer = await app.post('/api/admin/revoke', JSON.stringify(body), {
      ...operator,
      'content-type': 'application/json',
    })
    expect([answer.status, answer.json.code]).toEqual([400, 'invalid_field'])
  })

  it('what is not there is revoked all the same, and ends nothing', async () => {
    expect(await revoke({ user: 'nobody' })).toBe(0)
    expect(await revoke({ tokenId: 'nothing' })).toBe(0)
    expect(await revoke({ keyId: 'nothing' })).toBe(0)
  })
})

describe('presence', () => {
  it('counts the streams of each topic, for those who administer it', async () => {
    const streams = [
      await follow(await mint('judy'), '/events/judy'),
      await follow(await mint('judy'), '/events/judy'),
    ]
    const answer = await app.get('/api/presence?topic=user/judy&topic=user/nobody', operator)
    expect([answer.status, answer.json]).toEqual([200, { streams: { 'user/judy': 2, 'user/nobody': 0 } }])
    const { secret } = await makeKey({ admin: ['user/judy'], subscribe: ['**'] })
    expect((await app.get('/api/presence?topic=user/judy', bearer(secret))).json.streams['user/judy']).toBe(2)
    for (const query of ['topic=user/bob', 'topic=user/judy&topic=user/bob', 'topic=news']) {
      expect((await app.get(`/api/presence?${query}`, bearer(secret))).status).toBe(403)
    }
    for (const query of ['', 'topic=', 'topic=user/*', 'topics=a']) {
      expect((await app.get(`/api/presence?${query}`, operator)).status).toBe(400)
    }
    for (const stream of streams) stream.close()
  })
})
