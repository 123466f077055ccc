import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sessionCookie, streamCookie } from '../auth/cookies.ts'
import { startTestApp, type TestApp } from './test-app.ts'

const sameOrigin = { 'sec-fetch-site': 'same-origin' }

let app: TestApp

beforeAll(async () => {
  app = await startTestApp({ dev: 'off' })
})

afterAll(() => app.close())

function mint(subject: string, lifetimeMs = 60_000, tokenId?: string): Promise<string> {
  const expiresAt = Date.now() + lifetimeMs
  return app.auth.own.mint('user', { subject, expiresAt, tokenId, subscribe: ['**'], publish: [] })
}

function bearer(shown: string): Record<string, string> {
  return { authorization: `Bearer ${shown}` }
}

async function ticketOf(token: string): Promise<string> {
  const { status, json } = await app.post('/api/tickets', undefined, bearer(token))
  expect(status).toBe(201)
  expect(Date.parse(json.expiresAt)).toBeLessThanOrEqual(Date.now() + 60_000)
  return json.ticket
}

/** Opens a stream and closes it, as one whose connection breaks; the cookie is what the browser keeps. */
async function openOnce(path: string, headers: Record<string, string> = {}) {
  const stream = await app.follow(path, headers)
  const setCookie = stream.headers.get('set-cookie')
  const first = stream.status === 200 ? (await stream.next(1))[0] : undefined
  stream.close()
  return { status: stream.status, setCookie, cookie: setCookie?.split(';')[0] ?? '', first }
}

describe('a ticket', () => {
  it('opens any stream, as its user', async () => {
    for (const path of [
      '/events?topic=user/alice&',
      '/events/alice?',
      '/api/activity-feed?',
      '/api/metrics?',
    ]) {
      const { status } = await openOnce(`${path}ticket=${await ticketOf(await mint('alice'))}`)
      // The machine's figures are the operator's: a ticket is no more than its user.
      expect([path, status]).toEqual([path, path.includes('metrics') ? 403 : 200])
    }
    const { status } = await openOnce(`/events/bob?ticket=${await ticketOf(await plain('alice'))}`)
    expect(status).toBe(403)
  })

  it('opens one: of many who come with it at the same moment, exactly one gets in', async () => {
    const ticket = await ticketOf(await mint('alice'))
    const all = await Promise.all(Array.from({ length: 20 }, () => openOnce(`/events?ticket=${ticket}`)))
    expect(all.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(401)])
    expect((await openOnce(`/events?ticket=${ticket}`)).status).toBe(401)
    expect(all.filter(({ setCookie }) => setCookie !== null)).toHaveLength(1)
  })

  it('is not spent by a query that no stream takes', async () => {
    const ticket = await ticketOf(await mint('alice'))
    expect((await app.get(`/events?ticket=${ticket}&topics=a`)).status).toBe(400)
    expect((await app.get(`/events?ticket=${ticket}&last=x`)).status).toBe(400)
    expect((await openOnce(`/events?ticket=${ticket}`)).status).toBe(200)
  })

  it('opens streams, and nothing else', async () => {
    const ticket = await ticketOf(await mint('alice'))
    const others = [
      await app.get(`/api/events?topic=user/alice&ticket=${ticket}`),
      await app.get(`/api/notifications/alice?ticket=${ticket}`),
      await app.get(`/api/stats?ticket=${ticket}`),
      await app.post(`/api/events?ticket=${ticket}`, { topic: 'a' }),
      await app.post(`/api/session?ticket=${ticket}`),
      await app.get('/events', bearer(ticket)),
      await app.get('/events', { cookie: `${sessionCookie}=${ticket}`, ...sameOrigin }),
    ]
    for (const { status } of others) expect([400, 401]).toContain(status)
    expect((await openOnce(`/events?ticket=${ticket}`)).status).toBe(200)
  })

  it('is worth nothing if it was made up', async () => {
    const real = await ticketOf(await mint('alice'))
    for (const ticket of ['', 'x', 'tdt_', `${real}0`, `tdt_${real.split('_')[1]}_${'0'.repeat(40)}`]) {
      expect((await openOnce(`/events?ticket=${ticket}`)).status).toBe(401)
    }
  })

  it('is worth nothing once its token or its user is revoked', async () => {
    const one = await ticketOf(await mint('carol', 60_000, 'carols-first'))
    await app.auth.store.revokeToken('carols-first')
    expect((await openOnce(`/events?ticket=${one}`)).status).toBe(401)
    const two = await ticketOf(await mint('carol'))
    await app.auth.store.revokeUser('carol')
    expect((await openOnce(`/events?ticket=${two}`)).status).toBe(401)
  })

  it('is in no log', async () => {
    const ticket = await ticketOf(await mint('alice'))
    await openOnce(`/events?ticket=${ticket}`)
    await openOnce(`/events?ticket=${ticket}`)
    expect(app.logged.length).toBeGreaterThan(0)
    expect(app.logged.join('')).not.toContain(ticket)
  })
})

/** A token that grants nothing beside what every user has. */
function plain(subject: string): Promise<string> {
  const expiresAt = Date.now() + 60_000
  return app.auth.own.mint('user', { subject, expiresAt, subscribe: [], publish: [] })
}

describe('a browser that comes back to the same URL', () => {
  it('gets in by the cookie that the ticket was exchanged for, and is given it anew', async () => {
    const url = `/events/alice?ticket=${await ticketOf(await mint('alice'))}`
    let { cookie, setCookie } = await openOnce(url)
    for (let turn = 0; turn < 3; turn++) {
      expect(setCookie).toMatch(/^__Secure-tidings-[0-9a-z]{8}=/)
      const again = await openOnce(url, { cookie, ...sameOrigin })
      expect(again.status).toBe(200)
      expect(again.first).toMatchObject({ event: 'connected' })
      ;({ cookie, setCookie } = again)
    }
  })

  it('has a cookie for this stream alone, that no script reads and no other site can use', async () => {
    const paths = [
      ['/events?', '/events'],
      ['/events/alice?', '/events'],
      ['/api/activity-feed?', '/api/activity-feed'],
    ] as const
    for (const [stream, path] of paths) {
      const { setCookie } = await openOnce(`${stream}ticket=${await ticketOf(await mint('alice', 30_000))}`)
      const [, ...attributes] = setCookie!.split('; ')
      const maxAge = attributes.find((each) => each.startsWith('Max-Age='))!
      expect(attributes.sort()).toEqual(['HttpOnly', maxAge, `Path=${path}`, 'SameSite=Strict', 'Secure'])
      expect(Number(maxAge.slice(8))).toBeLessThanOrEqual(30)
    }
  })

  it('needs the ticket, the cookie of its user, and a page of this origin', async () => {
    const url = `/events?ticket=${await ticketOf(await mint('alice'))}`
    const ofBob = `/events?ticket=${await ticketOf(await mint('bob'))}`
    const { cookie } = await openOnce(url)
    const { cookie: bobs } = await openOnce(ofBob)
    const tag = url.split('_')[1]!
    const value = bobs.slice(bobs.indexOf('=') + 1)
    const tries = [
      [401, url, {}],
      [401, '/events', { cookie, ...sameOrigin }],
      [401, url, { cookie: bobs, ...sameOrigin }],
      [401, url, { cookie: `${streamCookie(tag)}=${value}`, ...sameOrigin }],
      [401, url, { cookie: `${cookie}x`, ...sameOrigin }],
      [401, '/events', bearer(cookie.slice(cookie.indexOf('=') + 1))],
      [
        401,
        '/events',
        { cookie: `${sessionCookie}=${cookie.slice(cookie.indexOf('=') + 1)}`, ...sameOrigin },
      ],
      [401, '/api/events?topic=user/alice', { cookie, ...sameOrigin }],
      [403, url, { cookie }],
      [403, url, { cookie, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ] as const
    for (const [status, path, headers] of tries) {
      expect([path, headers, (await openOnce(path, headers)).status]).toEqual([path, headers, status])
    }
    expect((await openOnce(url, { cookie, ...sameOrigin })).status).toBe(200)
  })

  it('two users of one browser do not ride on each other', async () => {
    const urls = [
      `/events/alice?ticket=${await ticketOf(await plain('alice'))}`,
      `/events/bob?ticket=${await ticketOf(await plain('bob'))}`,
    ]
    const cookies = await Promise.all(urls.map(async (url) => (await openOnce(url)).cookie))
    const both = { cookie: cookies.join('; '), ...sameOrigin }
    for (const url of urls) expect((await openOnce(url, both)).status).toBe(200)
    expect((await openOnce(urls[0]!.replace('/alice', '/bob'), both)).status).toBe(403)
  })

  it('does not, once the token that was first shown has ended or is revoked', async () => {
    const short = `/events?ticket=${await ticketOf(await mint('alice', 3_000))}`
    const { cookie } = await openOnce(short)
    const status = async () => (await openOnce(short, { cookie, ...sameOrigin })).status
    expect(await status()).toBe(200)
    await expect.poll(status, { timeout: 30_000 }).toBe(401)

    const revoked = `/events?ticket=${await ticketOf(await mint('dave'))}`
    const { cookie: daves } = await openOnce(revoked)
    await app.auth.store.revokeUser('dave')
    expect((await openOnce(revoked, { cookie: daves, ...sameOrigin })).status).toBe(401)
  })

  it('and fails to does not lose its session by that', async () => {
    const { headers } = await app.post('/api/session', undefined, bearer(await mint('alice')))
    const cookie = headers.get('set-cookie')!.split(';')[0]!
    const answer = await app.get('/events?ticket=x', { cookie, ...sameOrigin })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('set-cookie')).toBeNull()
    const dead = await app.get('/events', { cookie: `${sessionCookie}=x`, ...sameOrigin })
    expect(dead.headers.get('set-cookie')).toMatch(/Max-Age=0/)
  })
})
