import { EventSource } from '@tidings/client/event-source'
import { BadServer, redirect, redirectLoop, redirectStatuses, stream } from '@tidings/conformance/bad-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HeardSource } from './heard-source.ts'

const secrets = { Authorization: 'Bearer secret', 'X-Api-Key': 'secret', Cookie: 'session=secret' }
const good = stream('data: 1\n\n')
const soon = stream('retry: 1\nid: 7\n\n', { ending: 'end' })

let home: BadServer
let away: BadServer

beforeAll(async () => {
  home = await BadServer.start()
  away = await BadServer.start()
})

afterAll(async () => {
  await home[Symbol.asyncDispose]()
  await away[Symbol.asyncDispose]()
})

describe.each(redirectStatuses)('a redirect with %i', (status) => {
  test('is followed, and origin is where it leads to, while url stays', async () => {
    const url = home.script(redirect(status, away.script(good)))
    const source = new EventSource(url)
    const event = await new Promise<MessageEvent>((resolve) => {
      source.onmessage = resolve
    })
    source.close()
    expect(event.origin).toBe(away.origin)
    expect(source.url).toBe(url)
  })

  test('inside the origin, headers go along', async () => {
    const target = home.script(good)
    using source = new HeardSource(home.script(redirect(status, target)), { headers: secrets })
    await source.has(1)
    expect(home.requestsTo(target)[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'x-api-key': 'secret',
    })
  })

  test('to another origin, headers stay home, all of them', async () => {
    const target = away.script(good)
    using source = new HeardSource(home.script(soon, redirect(status, target)), { headers: secrets })
    await source.has(1)
    const [request] = away.requestsTo(target)
    expect(JSON.stringify(request?.headers)).not.toContain('secret')
    // What the standard itself sends does go along.
    expect(request?.headers).toMatchObject({ accept: 'text/event-stream', 'last-event-id': '7' })
  })

  test('to another origin, a body stays home', async () => {
    const target = away.script(good)
    const url = home.script(redirect(status, target))
    using source = new HeardSource(url, { method: 'POST', body: 'secret', headers: secrets })
    if (status > 303) {
      // These would have the same request once more, body and all.
      expect((await source.failed()).message).toContain('stays home')
      expect(away.requestsTo(target)).toEqual([])
    } else {
      await source.has(1)
      expect(away.requestsTo(target)[0]).toMatchObject({ method: 'GET', body: '' })
      expect(JSON.stringify(away.requestsTo(target)[0]?.headers)).not.toContain('secret')
    }
    expect(home.requestsTo(url)[0]?.body).toBe('secret')
  })

  test('inside the origin, a body goes along where the method does', async () => {
    const target = home.script(good)
    using source = new HeardSource(home.script(redirect(status, target)), {
      method: 'POST',
      body: 'secret',
      headers: { 'Content-Type': 'text/x-mine' },
    })
    await source.has(1)
    const [request] = home.requestsTo(target)
    const expected = status > 303 ? ['POST', 'secret', 'text/x-mine'] : ['GET', '', undefined]
    expect([request?.method, request?.body, request?.headers['content-type']]).toEqual(expected)
  })
})

test('headers that have stayed home do not join again when a redirect leads back', async () => {
  const target = home.script(good)
  const url = home.script(redirect(307, away.script(redirect(307, target))))
  using source = new HeardSource(url, { headers: secrets })
  await source.has(1)
  expect(JSON.stringify(home.requestsTo(target)[0]?.headers)).not.toContain('secret')
  expect(source.source.readyState).toBe(1)
})

test('the next connection begins at home, headers and all', async () => {
  const target = away.script(stream('retry: 1\n\n', { ending: 'end' }))
  const url = home.script(redirect(301, target), good)
  using source = new HeardSource(url, { headers: secrets })
  await source.has(1)
  expect(home.requestsTo(url).map((request) => request.headers.authorization)).toEqual(
    Array(2).fill('Bearer secret'),
  )
})

test.each([
  ['without headers', undefined],
  ['with headers', secrets],
])('a chain of redirects is followed, relative addresses and all, %s', async (_how, headers) => {
  const last = home.script(good)
  const chain = [307, 302, 301, 308].reduce(
    (target, status) => home.script(redirect(status as 307, new URL(target).pathname)),
    last,
  )
  using source = new HeardSource(chain, { headers })
  await source.has(1)
  expect(home.requestsTo(last)).toHaveLength(1)
})

test.each([
  ['without headers', undefined],
  ['with headers', secrets],
])('a loop of redirects is a network error after 20 of them, %s', async (_how, headers) => {
  const url = home.script(redirectLoop())
  using source = new HeardSource(url, { headers })
  await source.stumbled(1)
  expect(source.states).toEqual(['comes back'])
  expect(home.requestsTo(url)).toHaveLength(21)
})

test('a redirect to what is not HTTP is a network error', async () => {
  using source = new HeardSource(home.script(redirect(307, 'ftp://127.0.0.1/')), { headers: secrets })
  await source.stumbled(1)
  expect(source.states).toEqual(['comes back'])
})
