import { TidingsError } from '@tidings/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccess } from '../auth/access.ts'
import { createAccess } from '../auth/create-access.ts'
import type { Policy } from '../auth/policy.ts'
import { httpLimits } from './http-limits.ts'
import { startTestApp, type TestApp } from './test-app.ts'

const friend = 'https://app.example'
const stranger = 'https://evil.example'
const maxBodyBytes = 2_048

let app: TestApp

beforeAll(async () => {
  app = await startTestApp({ corsOrigins: [friend], maxBodyBytes })
})

afterAll(() => app.close())

describe('pages of other origins', () => {
  it('may listen and publish, with credentials, if their origin is on the list', async () => {
    const stream = await app.follow('/events', { origin: friend })
    const answers = [
      stream,
      await app.get('/api/stats', { origin: friend }),
      await app.get('/nothing', { origin: friend }),
      await app.post('/api/events', { topic: 'a' }, { origin: friend }),
      await app.post('/api/events', {}, { origin: friend }),
    ]
    for (const { headers } of answers) {
      expect(headers.get('access-control-allow-origin')).toBe(friend)
      expect(headers.get('access-control-allow-credentials')).toBe('true')
      expect(headers.get('vary')).toBe('Origin')
    }
    stream.close()
  })

  it('get nothing that lets them read, if it is not', async () => {
    const lookalikes = [
      stranger,
      `${friend}.evil.example`,
      'http://app.example',
      'null',
      'https://APP.example',
    ]
    for (const origin of lookalikes) {
      const { headers } = await app.get('/api/stats', { origin })
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('vary')).toBe('Origin')
    }
  })

  it('are told what a preflight asks', async () => {
    const ask = (origin: string) => fetch(`${app.url}/api/events`, { method: 'OPTIONS', headers: { origin } })
    const yes = await ask(friend)
    expect(yes.status).toBe(204)
    expect(yes.headers.get('access-control-allow-origin')).toBe(friend)
    expect(yes.headers.get('access-control-allow-methods')).toContain('POST')
    const allowed = yes.headers.get('access-control-allow-headers')!.toLowerCase().split(', ')
    expect(allowed).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'idempotency-key', 'last-event-id']),
    )
    const no = await ask(stranger)
    expect(no.headers.get('access-control-allow-headers')).toBeNull()
    expect(no.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS')
  })

  it('may not post a form into a server that their visitor can reach', async () => {
    const form = { 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site', origin: stranger }
    for (const path of ['/broadcast', '/api/events?topic=a']) {
      const answer = await app.post(path, 'forged', form)
      expect([answer.status, answer.json.code]).toEqual([403, 'forbidden'])
    }
    expect((await app.post('/broadcast', 'x', { ...form, origin: friend })).status).toBe(201)
    expect((await app.post('/broadcast', 'x', { ...form, 'sec-fetch-site': 'same-origin' })).status).toBe(201)
  })

  it('need no list when everybody may, but then have no credentials', async () => {
    const open = await startTestApp({ corsOrigins: ['*'] })
    const { headers } = await open.get('/api/stats', { origin: stranger })
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    await open.close()
  })
})

describe('what is not there', () => {
  it('is a problem document', async () => {
    const { status, headers, json } = await app.get('/nothing/at/all')
    expect(status).toBe(404)
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(json).toEqual({
      type: 'urn:tidings:problem:not_found',
      code: 'not_found',
      title: expect.any(String),
      status: 404,
      detail: expect.any(String),
    })
  })

  it.each([
    ['DELETE', '/api/events', 'GET, HEAD, POST, OPTIONS'],
    ['PUT', '/broadcast', 'POST, OPTIONS'],
    ['GET', '/broadcast', 'POST, OPTIONS'],
    ['PATCH', '/api/notifications/a', 'GET, HEAD, POST, OPTIONS'],
    ['POST', '/events/a', 'GET, HEAD, OPTIONS'],
  ])('%s %s says what is allowed', async (method, path, allow) => {
    const response = await fetch(app.url + path, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe(allow)
    expect(await response.json()).toMatchObject({ code: 'method_not_allowed' })
  })
})

describe('bodies', () => {
  const fill = (bytes: number) => {
    const frame = JSON.stringify({ topic: 'a', data: '' })
    return JSON.stringify({ topic: 'a', data: 'x'.repeat(bytes - frame.length) })
  }
  const json = { 'content-type': 'application/json' }

  it('are taken up to the limit, and refused one byte above it', async () => {
    expect((await app.post('/api/events', fill(maxBodyBytes), json)).status).toBe(201)
    const answer = await app.post('/api/events', fill(maxBodyBytes + 1), json)
    expect([answer.status, answer.json.code]).toEqual([413, 'body_too_large'])
  })

  it('are refused when they become too large on the way, without a length told', async () => {
    const chunk = `400\r\n${'x'.repeat(0x400)}\r\n`
    const head = 'POST /broadcast HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
    const answer = await app.raw(head + chunk.repeat(3))
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('"code":"body_too_large"')
  })

  it('are not unpacked', async () => {
    const answer = await app.post('/api/events', 'x', { ...json, 'content-encoding': 'gzip' })
    expect([answer.status, answer.json.code]).toEqual([415, 'unsupported_encoding'])
  })

  it('cost little, however they are nested or named', async () => {
    const wide = await startTestApp()
    const keys = Array.from({ length: 60_000 }, (_, index) => `"k${index}":0`).join(',')
    const hostile = [
      `{"topic":"a","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      `{"topic":"a","data":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`,
      `{"topic":"a",${keys}}`,
      `{"topic":"a","__proto__":{"isAdmin":true}}`,
      `${'['.repeat(500_000)}`,
    ]
    for (const body of hostile) {
      const began = performance.now()
      const answer = await wide.post('/api/events', body, json)
      expect(answer.status).toBe(400)
      expect(performance.now() - began).toBeLessThan(10_000)
    }
    expect((await wide.get('/readyz')).status).toBe(200)
    await wide.close()
  })
})

describe('what is no HTTP', () => {
  it.each([
    ['400', 'bad_request', 'NONSENSE\r\n\r\n'],
    [
      '400',
      'bad_request',
      'POST /broadcast HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['400', 'bad_request', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\nb\0\r\n\r\n'],
    [
      '431',
      'headers_too_large',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(httpLimits.headerBytes)}\r\n\r\n`,
    ],
    [
      '431',
      'headers_too_large',
      `GET /${'x'.repeat(httpLimits.headerBytes)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    ],
  ])('is answered %s %s, and hung up on', async (status, code, bytes) => {
    const answer = await app.raw(bytes)
    const [head, body] = answer.split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(head).toMatch(/^Content-Type: application\/problem\+json; charset=utf-8$/m)
    expect(head).toMatch(/^Connection: close$/m)
    expect(JSON.parse(body!)).toMatchObject({ code, status: Number(status) })
  })

  it('has little time', () => {
    const { server } = app.app.server
    expect(server.headersTimeout).toBe(httpLimits.headersTimeoutMs)
    expect(server.requestTimeout).toBe(httpLimits.requestTimeoutMs)
  })

  it('does not get into a header of an answer', async () => {
    const answer = await app.raw(
      'GET /api/stats?a=%0d%0aEvil:%201 HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example\tx\r\n' +
        'X-Request-Id: evil\r\nConnection: close\r\n\r\n',
    )
    const [head] = answer.split('\r\n\r\n')
    expect(head!.toLowerCase()).not.toContain('evil')
    expect(head!.toLowerCase()).not.toContain('access-control')
  })
})

describe('what is unusual HTTP', () => {
  const ask = async (method: string, target: string, ...headers: string[]) => {
    const lines = [`${method} ${target} HTTP/1.1`, 'Connection: close', ...headers]
    const [head = '', body = ''] = (await app.raw(`${lines.join('\r\n')}\r\n\r\n`)).split('\r\n\r\n')
    return { head, body, status: Number(head.split(' ')[1]) }
  }

  it('a target may name the server too, whatever the method', async () => {
    const host = 'Host: localhost'
    expect((await ask('GET', 'http://localhost/healthz', host)).status).toBe(200)
    const options = await ask('OPTIONS', 'http://localhost/api/events?topic=a', host)
    expect(options.status).toBe(204)
    expect(options.head).toContain('allow: GET, HEAD, POST, OPTIONS')
    const put = await ask('PUT', 'HTTP://localhost:80/broadcast', host)
    expect([put.status, JSON.parse(put.body).code]).toEqual([405, 'method_not_allowed'])
    const evil = await ask('OPTIONS', 'http://evil.example/broadcast', host)
    expect([evil.status, JSON.parse(evil.body).code]).toEqual([403, 'forbidden'])
  })

  it.each([
    ['no Host', 'GET', '/api/stats', [], 'Host'],
    ['no Host, of a probe', 'GET', '/healthz', [], 'Host'],
    ['no Host, of a publish', 'POST', '/api/events', ['Content-Type: application/json'], 'Host'],
    ['two Hosts, of a probe', 'GET', '/healthz', ['Host: localhost', 'host: localhost'], 'Host'],
    [
      'two credentials',
      'GET',
      '/api/stats',
      ['Host: localhost', 'Authorization: Bearer a', 'authorization: Bearer b'],
      'Authorization',
    ],
    [
      'two credentials, of a publish',
      'POST',
      '/api/events',
      [
        'Host: localhost',
        'Authorization: Bearer a',
        'Authorization: Bearer b',
        'Content-Type: application/json',
      ],
      'Authorization',
    ],
  ])('%s is answered with a problem document', async (_name, method, target, headers, field) => {
    const { status, body } = await ask(method, target, ...headers)
    expect(status).toBe(400)
    expect(JSON.parse(body)).toMatchObject({ code: 'bad_request', field })
  })

  it('HTTP/1.0 needs no Host', async () => {
    expect(await app.raw('GET /api/stats HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('what a client expects beside being told to go on is passed over', async () => {
    const event = '{"topic":"a","data":1}'
    const answer = await app.raw(
      `POST /api/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: the-unexpected\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${event.length}\r\n\r\n${event}`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 201 /)
  })
})

describe('the policy', () => {
  it('is asked on every road, and its refusal is a problem document', async () => {
    const guest = {
      ...openAccess,
      mayAdminister: () => false,
      mayPublish: () => false,
      mayNotify: () => false,
    }
    const limited = await startTestApp({}, { admit: async () => guest })
    const refused = [
      await limited.post('/api/events', { topic: 'a' }),
      await limited.post('/broadcast'),
      await limited.post('/api/broadcast', { title: 'a', message: 'b' }),
      await limited.post('/api/notifications/a', { type: 'info', title: 'a', message: 'b' }),
      await limited.post('/api/activity', { type: 'a', message: 'b' }),
      await limited.post('/api/admin/rotate'),
    ]
    for (const { status, json } of refused) expect([status, json.code]).toEqual([403, 'forbidden'])
    await limited.close()
  })

  it('hides what a caller may not read, live, replayed and in pages', async () => {
    const access = createAccess({
      caller: 'a',
      mayPublish: () => true,
      mayRead: (topic) => !/^secret/.test(topic),
    })
    const limited = await startTestApp({}, { admit: async () => access })
    await limited.post('/api/events', [
      { topic: 'secret/a', data: 1 },
      { topic: 'open/a', data: 2 },
    ])
    const stream = await limited.follow('/events?topic=*/a&last=10')
    expect((await stream.next(3)).map(({ event, data }) => event ?? data)).toEqual(['connected', '2', 'live'])
    await limited.post('/api/events', [
      { topic: 'secret/a', data: 3 },
      { topic: 'open/a', data: 4 },
    ])
    expect((await stream.next(1))[0]!.data).toBe('4')
    stream.close()
    const page = await limited.get('/api/events?topic=*/a')
    expect(page.json.events.map(({ data }: { data: number }) => data)).toEqual([2, 4])
    await limited.close()
  })

  it('may refuse bad credentials', async () => {
    const policy: Policy = {
      async admit() {
        throw new TidingsError('unauthorized', 'Send a valid token.')
      },
    }
    const closed = await startTestApp({}, policy)
    for (const path of ['/events', '/api/events?topic=a', '/api/activity-feed', '/api/metrics']) {
      const answer = await closed.get(path)
      expect([answer.status, answer.json.code]).toEqual([401, 'unauthorized'])
    }
    expect((await closed.post('/api/events', { topic: 'a' })).status).toBe(401)
    await closed.close()
  })
})

describe('a mistake of the server', () => {
  it('tells the caller nothing but where the log has more, and the log no credentials', async () => {
    const broken = await startTestApp(
      {},
      {
        async admit() {
          throw new Error('password is hunter2')
        },
      },
    )
    const answer = await broken.post('/api/events', { topic: 'a' }, { authorization: 'Bearer s3cret' })
    expect([answer.status, answer.json.code]).toEqual([500, 'internal'])
    expect(answer.text).not.toContain('hunter2')
    expect(answer.json.instance).toMatch(/^urn:uuid:/)
    const line = broken.logged.find((line) => line.includes(answer.json.instance))
    expect(line).toContain('hunter2')
    expect(line).not.toContain('s3cret')
    await broken.close()
  })
})

describe('while the server shuts down', () => {
  it('it is not ready, takes nothing new, and says so', async () => {
    const ending = await startTestApp()
    const stream = await ending.follow('/events')
    await stream.next(1)
    const closed = ending.tidings.close({ drainMs: 300 })
    const ready = await ending.get('/readyz')
    expect([ready.status, ready.json.status]).toEqual([503, 'draining'])
    const refused = await ending.post('/api/events', { topic: 'a' })
    expect([refused.status, refused.json.code]).toEqual([503, 'draining'])
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(refused.headers.get('connection')).toBe('close')
    const [goodbye] = await stream.next(1)
    expect(JSON.parse(goodbye!.data)).toMatchObject({ reason: 'drain', reconnect: true })
    await closed
    await ending.close()
  })
})
