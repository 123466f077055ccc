import type { TokenRequest } from '@tidings/client'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { until } from '../support/until.ts'
import { GuardedServer } from './guarded-server.ts'
import { HeardStream } from './heard-stream.ts'

let server: GuardedServer

beforeAll(async () => {
  server = await GuardedServer.start()
})

afterAll(() => server[Symbol.asyncDispose]())

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** A source of tokens that remembers why it was asked. */
function source(give: (request: TokenRequest, count: number) => Promise<string | undefined>) {
  const reasons: string[] = []
  const token = (request: TokenRequest) => {
    reasons.push(request.reason)
    return give(request, reasons.length)
  }
  return { reasons, token }
}

/** All requests that were made, as method and path. */
function watchedFetch() {
  const requests: string[] = []
  const watched: typeof fetch = (input, init) => {
    requests.push(`${init?.method} ${new URL(String(input)).pathname}`)
    return fetch(input, init)
  }
  return { requests, fetch: watched }
}

test('an old token is answered 401, a new one is asked for once, and the stream is live', async () => {
  const { reasons, token } = source(({ reason }) => server.token('alice', reason === 'rejected' ? 600 : -60))
  await using heard = new HeardStream({ url: `${server.url}/events/alice`, token })
  await heard.is('live')
  expect(reasons).toEqual(['connect', 'rejected'])
  expect(heard.troubles).toEqual([])
  await server.publish('alice', 1)
  await heard.has(1)
})

test('401 again is refused, and nobody is asked any more', async () => {
  const { reasons, token } = source(() => server.token('alice', -60))
  const { requests, fetch } = watchedFetch()
  await using heard = new HeardStream({ url: `${server.url}/events/alice`, token, fetch })
  expect((await heard.is('refused')).trouble).toMatchObject({
    code: 'status',
    status: 401,
    problem: 'unauthorized',
  })
  expect(reasons).toEqual(['connect', 'rejected'])
  expect(requests).toHaveLength(2)
})

test('a stream whose token expires soon is renewed, and goes on beyond the old one’s end', async () => {
  let endMs = 0
  const { reasons, token } = source(({ reason }) => {
    if (reason === 'renew') return server.token('alice')
    endMs = (Math.floor(Date.now() / 1_000) + 7) * 1_000
    return server.token('alice', 7)
  })
  const { requests, fetch } = watchedFetch()
  await using heard = new HeardStream({ url: `${server.url}/events/alice`, token, fetch })
  let expiring = 0
  heard.stream.on('expiring', () => expiring++)
  await heard.is('live')
  const clientId = await until('its name', () => heard.status.clientId)
  await until('the renewal', () => reasons.length === 2)
  // A second after its end the server would have ended the stream.
  await until('the end of the old token', () => Date.now() > endMs + 1_500)
  await server.publish('alice', 1)
  await heard.has(1)
  expect(reasons).toEqual(['connect', 'renew'])
  expect(expiring).toBe(1)
  expect(heard.status).toMatchObject({ state: 'live', clientId })
  expect(heard.states).toEqual(['connecting', 'live'])
  expect(requests).toEqual(['GET /events/alice', `POST /streams/${clientId}/token`])
})

test('a stream that is not renewed is ended, comes back with a new token, and misses nothing', async () => {
  const { reasons, token } = source(({ reason }, count) => {
    if (reason === 'renew') throw new Error('not now')
    return server.token('alice', count === 1 ? 6 : 600)
  })
  await using heard = new HeardStream({ url: `${server.url}/events/alice`, token })
  await heard.is('live')
  await server.publish('alice', 1)
  await heard.is('waiting')
  expect(heard.troubles).toMatchObject([{ code: 'goodbye', problem: 'expired' }])
  await server.publish('alice', 2)
  await heard.is('live')
  await server.publish('alice', 3)
  await heard.has(3)
  expect(heard.data).toEqual([1, 2, 3])
  expect(reasons).toEqual(['connect', 'renew', 'connect'])
})

test('a token that is a text cannot be renewed: at its end the stream is refused', async () => {
  await using heard = new HeardStream({
    url: `${server.url}/events/alice`,
    token: await server.token('alice', 6),
  })
  await heard.is('live')
  expect((await heard.is('refused')).trouble).toMatchObject({ status: 401 })
  expect(heard.codes).toEqual(['goodbye', 'status'])
})

test('a user who is revoked is refused, at once and without another request', async () => {
  const { reasons, token } = source(() => server.token('mallory'))
  const { requests, fetch } = watchedFetch()
  await using heard = new HeardStream({ url: `${server.url}/events/mallory`, token, fetch })
  await heard.is('live')
  await server.revoke('mallory')
  expect((await heard.is('refused')).trouble).toMatchObject({ code: 'goodbye', problem: 'revoked' })
  expect(reasons).toEqual(['connect'])
  expect(requests).toHaveLength(1)
})

test('the stream of another user is forbidden, and that is said', async () => {
  const { reasons, token } = source(() => server.token('alice'))
  await using heard = new HeardStream({ url: `${server.url}/events/bob`, token })
  expect((await heard.is('refused')).trouble).toMatchObject({
    code: 'status',
    status: 403,
    problem: 'forbidden',
  })
  expect(reasons).toEqual(['connect'])
})

test('a topic that a user may not read is refused, and the stream goes on', async () => {
  const { token } = source(() => server.token('alice'))
  await using heard = new HeardStream({ url: `${server.url}/events/alice`, token })
  await heard.is('live')
  await expect(heard.stream.add('user/bob')).rejects.toThrow(/403/)
  expect(heard.status).toMatchObject({ state: 'live', trouble: { code: 'topics', problem: 'forbidden' } })
  expect(heard.stream.topics).toEqual([])
})

test('a stream that nobody knows any more when its topics change is opened anew', async () => {
  const { token } = source(() => server.token('alice'))
  let isLost = true
  const { requests, fetch } = watchedFetch()
  await using heard = new HeardStream({
    url: `${server.url}/events/alice`,
    token,
    // As behind a balancer that sends the change to another server.
    fetch: (input, init) => {
      const address = new URL(String(input))
      if (init?.method === 'PATCH' && isLost) {
        isLost = false
        address.pathname = '/streams/nobody'
      }
      return fetch(address, init)
    },
  })
  await heard.is('live')
  await heard.stream.add('broadcast')
  await server.publish('alice', 1)
  await heard.has(1)
  expect(heard.states).toEqual(['connecting', 'live', 'waiting', 'connecting', 'catching-up', 'live'])
  expect(requests).toEqual(['GET /events/alice', 'PATCH /streams/nobody', 'GET /events/alice'])
})
