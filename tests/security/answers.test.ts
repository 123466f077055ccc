import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sample } from '../history/index.ts'
import { publishRaw, sendRaw } from '../support/raw-http.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { expectUnharmed } from './unharmed.ts'

const origin = 'https://app.example'
const marker = 'x-marker-91c4'

let server: ServerProcess
let before: Sample

beforeAll(async () => {
  server = await ServerProcess.start({ settings: { corsOrigins: [origin] } })
  before = await server.sample()
})

afterAll(async () => {
  try {
    await expectUnharmed(server, before)
  } finally {
    await server[Symbol.asyncDispose]()
  }
})

describe('what a client sends never becomes a header', () => {
  const paths = ['/events?topic=a', '/api/events?topic=a', '/healthz', '/', '/nowhere', '/events?topic=**/b']
  it.each(paths)('of the answer to GET %s', async (path) => {
    const headers = [
      `Origin: https://${marker}.example`,
      `X-Request-Id: ${marker}`,
      `X-Forwarded-Host: ${marker}`,
      `Traceparent: 00-${marker}-01`,
      `Last-Event-ID: ${marker}`,
      `Cookie: a=${marker}`,
      `User-Agent: ${marker}`,
      `Access-Control-Request-Headers: ${marker}`,
    ]
    const answer = await sendRaw({ port: server.port, path, headers, until: 'event: connected' })
    expect(answer.raw).not.toContain(marker)
  })

  it('and line ends in the path do not split the answer', async () => {
    const crlf = '%0d%0aX-Injected:%20yes%0d%0a%0d%0a<html>'
    for (const path of [
      `/${crlf}`,
      `/events/${crlf}`,
      `/api/notifications/${crlf}`,
      `/events?topic=${crlf}`,
    ]) {
      const answer = await sendRaw({ port: server.port, path })
      expect(answer.status, path).toBeGreaterThanOrEqual(400)
      expect(answer.headers.has('x-injected'), path).toBe(false)
      expect(answer.headers.get('content-type'), path).toContain('application/problem+json')
    }
  })

  it('except an origin that is on the list, exactly as it stands there', async () => {
    const ask = (value: string) =>
      sendRaw({ port: server.port, path: '/healthz', headers: [`Origin: ${value}`] })
    expect((await ask(origin)).headers.get('access-control-allow-origin')).toBe(origin)
    for (const other of [
      `${origin}.evil.example`,
      `${origin}:444`,
      'https://APP.example',
      'null',
      `${origin}/`,
    ]) {
      expect((await ask(other)).headers.has('access-control-allow-origin'), other).toBe(false)
    }
  })

  it('nor does a second request that hides behind a stream', async () => {
    const headers = ['Content-Length: 40', 'Transfer-Encoding: chunked']
    const body = `0\r\n\r\nGET /${marker} HTTP/1.1\r\nHost: a\r\n\r\n`
    const answer = await sendRaw({ port: server.port, method: 'POST', path: '/api/events', headers, body })
    expect(answer.status).toBe(400)
    // One answer to the one request, and none to what it smuggles.
    expect(answer.body).not.toMatch(/HTTP\/1\.1 \d/)
    expect(answer.headers.get('connection')).toBe('close')
  })

  it('and what a client says on an open stream is passed over', async () => {
    using reader = await SseReader.open({
      port: server.port,
      topics: ['a'],
      headers: { 'X-Rest': `1\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a` },
    })
    await publishRaw(server.port, '{"topic":"a","data":1}')
    await reader.hasReceived(1)
    expect(reader.blocks.map(({ type }) => type)).toEqual(['connected', 'message'])
  })
})

describe('markup is data, wherever it turns up', () => {
  const markup = `<script>alert('${marker}')</script>`

  it.each([
    `/events?topic=${encodeURIComponent(`${markup} `)}`,
    `/events?${encodeURIComponent(markup)}=1`,
    `/${encodeURIComponent(markup)}`,
    `/api/events?topic=a&order=${encodeURIComponent(markup)}`,
    `/api/notifications/${encodeURIComponent(markup)}?limit=x`,
  ])('an error answer to %s is no page', async (path) => {
    const answer = await sendRaw({ port: server.port, path, headers: ['Accept: text/html'] })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  it('events and pages that hold it are no pages either', async () => {
    await publishRaw(server.port, JSON.stringify({ topic: 'markup', data: markup }))
    const page = await sendRaw({ port: server.port, path: '/api/events?topic=markup' })
    expect(page.headers.get('content-type')).toContain('application/json')
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    const stream = await sendRaw({
      port: server.port,
      path: '/events?topic=markup&last=1',
      until: 'event: live',
    })
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(stream.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('and the page at / lets no foreign script run', async () => {
    const { status, headers } = await sendRaw({ port: server.port, path: '/' })
    expect(status).toBe(200)
    const policy = headers.get('content-security-policy') ?? ''
    for (const part of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'"]) {
      expect(policy).toContain(part)
    }
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("require-trusted-types-for 'script'")
    expect(policy).not.toContain('unsafe')
  })
})

describe('topics that look alike are not alike', () => {
  const pairs = [
    ['a_b/c', 'a/b_c'],
    ['a:b/c', 'a/b:c'],
    ['a.b', 'a/b'],
    ['A/b', 'a/b'],
    ['a%2Fb', 'a/b'],
    ['a+b', 'a-b'],
    ['caf\u00e9', 'cafe\u0301'],
    ['orders/1', 'orders/10'],
    ["x'--", 'x'],
    ['%', 'percent'],
    ['like/a%', 'like/ab'],
    ['like/c_', 'like/cd'],
    ['glob/[ef]', 'glob/e'],
    ['glob/g?', 'glob/gh'],
    ["quote/'", "quote/''"],
    ['subject/>', 'subject/i'],
    ['subject.j', 'subject/j'],
    ['{tag}:k', 'tag:k'],
    ['back\\slash', 'back/slash'],
    ['__proto__', 'constructor'],
  ] as const

  it.each(pairs)('%s and %s', async (one, other) => {
    using first = await SseReader.open({ port: server.port, topics: [one] })
    using second = await SseReader.open({ port: server.port, topics: [other] })
    await publishRaw(server.port, JSON.stringify([one, other, one].map((topic) => ({ topic, data: topic }))))
    await first.hasReceived(2)
    await second.hasReceived(1)
    expect(first.data.map((data) => JSON.parse(data))).toEqual([one, one])
    expect(second.data.map((data) => JSON.parse(data))).toEqual([other])
    // The same from the log.
    const query = new URLSearchParams({ topic: other })
    const page = await sendRaw({ port: server.port, path: `/api/events?${query}` })
    const { events } = JSON.parse(page.body) as { events: { topic: string }[] }
    expect(new Set(events.map(({ topic }) => topic))).toEqual(new Set([other]))
  })

  it.each(['%', '_', '[a-z]', '?', "'", '"', '>', '{a}', ':', '.'])(
    'nor does a %s in a pattern mean more than itself, live or from the log',
    async (odd) => {
      using reader = await SseReader.open({ port: server.port, topics: [`${odd}w/*`, `${odd}v/**`] })
      const topics = ['w', 'v'].flatMap((name) => [
        `x${name}/1`,
        `${name}/1`,
        `ab${name}/1`,
        `${odd}${name}/1`,
      ])
      await publishRaw(server.port, JSON.stringify(topics.map((topic) => ({ topic, data: topic }))))
      const own = topics.filter((topic) => topic.startsWith(odd))
      await reader.hasReceived(own.length)
      expect(reader.data.map((data) => JSON.parse(data))).toEqual(own)
      const query = new URLSearchParams([
        ['topic', `${odd}w/*`],
        ['topic', `${odd}v/**`],
        ['limit', '1000'],
      ])
      const page = await sendRaw({ port: server.port, path: `/api/events?${query}` })
      const { events } = JSON.parse(page.body) as { events: { topic: string }[] }
      expect(events.map(({ topic }) => topic)).toEqual(own)
    },
  )

  it('nor are two subscriptions whose topics, joined, read the same', async () => {
    using first = await SseReader.open({ port: server.port, topics: ['p', 'q'], types: ['r'] })
    using second = await SseReader.open({ port: server.port, topics: ['p'], types: ['q', 'r'] })
    const events = ['p', 'q'].flatMap((topic) =>
      ['q', 'r'].map((type) => ({ topic, type, data: topic + type })),
    )
    await publishRaw(server.port, JSON.stringify([...events, { topic: 'p', type: 'r', data: 'end' }]))
    await first.hasReceived(3)
    await second.hasReceived(3)
    expect(first.data).toEqual(['"pr"', '"qr"', '"end"'])
    expect(second.data).toEqual(['"pq"', '"pr"', '"end"'])
  })
})

it('a page of another site cannot publish with a form', async () => {
  const headers = ['Content-Type: text/plain', 'Origin: https://evil.example', 'Sec-Fetch-Site: cross-site']
  const request = { port: server.port, method: 'POST', path: '/api/events?topic=forged', headers, body: 'x' }
  expect((await sendRaw(request)).status).toBe(403)
  const page = await sendRaw({ port: server.port, path: '/api/events?topic=forged' })
  expect((JSON.parse(page.body) as { events: unknown[] }).events).toEqual([])
})
