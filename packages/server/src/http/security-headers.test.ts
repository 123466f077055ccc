import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../../../tests/support/until.ts'
import { openAccess } from '../auth/access.ts'
import { apiHeaders, securityHeaders } from './security-headers.ts'
import { startTestApp, type TestApp } from './test-app.ts'

const friend = 'https://app.example'

let dev: TestApp
let production: TestApp

beforeAll(async () => {
  dev = await startTestApp({ corsOrigins: [friend] })
  production = await startTestApp({ corsOrigins: [friend], dev: 'off' })
})

afterAll(async () => {
  await dev.close()
  await production.close()
})

/** As a page asks. */
async function ask(app: TestApp, method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { origin: friend, 'content-type': 'application/json', ...init.headers }
  const response = await fetch(app.url + path, { ...init, method, headers, redirect: 'manual' })
  await response.body?.cancel()
  return response
}

/** Pages, whose policy lets them work. */
const isPage = (path: string) => path === '/' || path.startsWith('/docs')

function expectHeaders(headers: Headers, path: string): void {
  for (const [name, value] of Object.entries(securityHeaders)) {
    if (name !== 'content-security-policy' || !isPage(path)) expect(headers.get(name), name).toBe(value)
  }
  const policy = headers.get('content-security-policy')
  expect(policy).toMatch(/^default-src 'none'; /)
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
  expect(headers.has('x-powered-by')).toBe(false)
  expect(headers.has('server')).toBe(false)
}

describe('what keeps an answer to itself', () => {
  it('is on every route, whether it answers or refuses', async () => {
    const routes = dev.app.routes.names
    expect(routes.length).toBeGreaterThan(25)
    for (const { method, url } of routes) {
      const path = url.replaceAll(/:\w+/g, 'a')
      for (const app of [dev, production]) {
        const { headers, status } = await ask(app, method, path, method === 'POST' ? { body: '{' } : {})
        expect(status, `${method} ${path}`).toBeLessThan(500)
        expectHeaders(headers, path)
      }
    }
  })

  it.each([
    ['GET', '/'],
    ['GET', '/docs/'],
    ['GET', '/docs/static/swagger-ui.css'],
    ['GET', '/docs/nothing'],
    ['GET', '/nothing'],
    ['DELETE', '/events'],
    ['OPTIONS', '/events'],
    ['OPTIONS', '/nothing'],
    ['GET', '/%ff'],
    ['GET', `/events/${'a'.repeat(1_100)}`],
    ['GET', '/events?nothing=1'],
  ])('is on %s %.40s', async (method, path) => {
    expectHeaders((await ask(dev, method, path)).headers, path)
  })

  it('is on a publish, a repeated one, and one that is refused', async () => {
    const body = '{"topic":"a"}'
    for (const key of ['one', 'one']) {
      const { status, headers } = await ask(dev, 'POST', '/api/events', {
        body,
        headers: { 'idempotency-key': key },
      })
      expect([200, 201]).toContain(status)
      expectHeaders(headers, '/api/events')
      expect(headers.get('cache-control')).toBe('no-store')
    }
    // The road of programs.
    for (const refused of ['{', '{"topic":"$metrics"}']) {
      const { status, headers } = await dev.post('/api/events', refused, {
        'content-type': 'application/json',
      })
      expect(status).toBe(400)
      expectHeaders(headers, '/api/events')
    }
  })

  it('is on a mistake of the server', async () => {
    const admit = () => {
      throw new Error('a bug')
    }
    const broken = await startTestApp({}, { admit })
    for (const path of ['/events', '/api/stats']) {
      const { status, headers } = await ask(broken, 'GET', path)
      expect(status).toBe(500)
      expectHeaders(headers, path)
    }
    await broken.close()
  })

  it.each([
    ['no HTTP', 'NONSENSE\r\n\r\n'],
    ['too much of a head', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['a wrong Host', 'GET / HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n'],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: localhost\r\nhost: localhost\r\nConnection: close\r\n\r\n'],
  ])('is on the answer to %s', async (_, bytes) => {
    const answer = await dev.raw(bytes)
    expect(answer).toMatch(/^HTTP\/1\.1 4/)
    const head = answer.split('\r\n\r\n')[0]!.toLowerCase().split('\r\n')
    for (const [name, value] of Object.entries(apiHeaders)) expect(head).toContain(`${name}: ${value}`)
  })
})

describe('the name of the server', () => {
  const rawGet = (path: string, ...lines: string[]) =>
    dev.raw(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  const rawPost = (host: string) =>
    dev.raw(
      `POST /api/events HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
        'Content-Length: 17\r\nConnection: close\r\n\r\n{"topic":"host"}\n',
    )

  it('is asked first on every route, but for the probes of orchestrators', async () => {
    const paths = dev.app.routes.names.filter(({ method }) => method === 'GET').map(({ url }) => url)
    for (const path of ['/', '/docs/static/swagger-ui.css', '/nothing', ...paths]) {
      const answer = await rawGet(path.replaceAll(/:\w+/g, 'a'), 'Host: evil.test')
      if (path === '/healthz' || path === '/readyz') expect(answer).toMatch(/^HTTP\/1\.1 200 /)
      else {
        expect(answer, path).toMatch(/^HTTP\/1\.1 403 /)
        expect(answer).toContain('allowedHosts')
        expect(answer).not.toContain('evil.test')
      }
    }
  })

  it('is asked on the road of publishes, and nothing is stored for another', async () => {
    expect(await rawPost('evil.test')).toMatch(/^HTTP\/1\.1 403 /)
    expect((await dev.get('/api/events?topic=host')).json.events).toEqual([])
    expect(await rawPost('localhost:1')).toMatch(/^HTTP\/1\.1 201 /)
  })

  it('is said once: of two, a proxy in front may have believed the other', async () => {
    for (const lines of [
      ['Host: localhost', 'Host: evil.test'],
      ['HOST: localhost', 'host: localhost'],
    ]) {
      expect(await rawGet('/api/stats', ...lines)).toMatch(/^HTTP\/1\.1 400 /)
    }
  })

  it('counts in the request line too, where it stands for proxies', async () => {
    const evil = await rawGet('http://evil.test/api/stats', 'Host: localhost')
    expect(evil).toMatch(/^HTTP\/1\.1 403 /)
    expect(evil).not.toContain('totalConnections')
    expect(await rawGet('http://localhost/api/stats', 'Host: evil.test')).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('may be missing where there was none yet', async () => {
    expect(await dev.raw('GET /api/stats HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
  })
})

it('a publish beyond the limit says when to come back, also to pages', async () => {
  const access = { ...openAccess, caller: 'user alice', user: 'alice' }
  const publishes: [string, object | undefined][] = [
    ['/api/events', { topic: 'a' }],
    ['/api/events', [{ topic: 'a' }, { topic: 'b' }]],
    ['/api/events', { topic: 'a' }],
    ['/broadcast', undefined],
    ['/api/notifications/a', { type: 'info', title: 'a', message: 'b' }],
  ]
  // In half a second there would be room for one more: a machine that took so long is asked again.
  const answers = await until('five publishes in a moment', async () => {
    const limited = await startTestApp(
      { maxPublishesPerUser: 2, corsOrigins: [friend] },
      { admit: async () => access },
    )
    const began = performance.now()
    const found = []
    for (const [path, body] of publishes) found.push(await limited.post(path, body, { origin: friend }))
    const tookMs = performance.now() - began
    await limited.close()
    return tookMs < 450 && found
  })
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 429, 429, 429])
  for (const { headers, json } of answers.slice(2)) {
    expect(json.code).toBe('rate_limited')
    const names = ['retry-after', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']
    expect(names.map((name) => headers.get(name))).toEqual(['1', '2', '0', '1'])
    const exposed = headers.get('access-control-expose-headers')!.toLowerCase().split(', ')
    expect(exposed).toEqual(expect.arrayContaining(names))
  }
})
