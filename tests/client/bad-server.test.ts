import { once } from 'node:events'
import { connect } from 'node:net'
import {
  BadServer,
  brokenOff,
  byteByByte,
  cutInsideCharacters,
  cutsOf,
  halfEvent,
  hardStreams,
  lineWithoutEnd,
  malformedControl,
  malformedControlData,
  numbered,
  piecesOf,
  resetAfter,
  resetInHead,
  routes,
  silentFromTheStart,
  status,
  storm,
  stream,
  textOf,
  unauthorizedWithout,
} from '@tidings/conformance/bad-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'

let server: BadServer

beforeAll(async () => {
  server = await BadServer.start()
})

afterAll(() => server[Symbol.asyncDispose]())

/** All that a plain socket gets, and how the connection ended. */
async function take(url: string, headers: readonly string[] = []): Promise<{ text: string; end: string }> {
  const { hostname, port, pathname } = new URL(url)
  const socket = connect(Number(port), hostname)
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  const lines = [`GET ${pathname} HTTP/1.1`, 'Host: here', ...headers, '', '']
  socket.write(Buffer.from(lines.join('\r\n'), 'latin1'))
  const end = await new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
    socket.on('end', () => resolve('FIN'))
  })
  socket.destroy()
  return { text: Buffer.concat(pieces).toString(), end }
}

/** The body of a chunked answer, as far as it got. */
function bodyOf(text: string): string {
  const chunks = text.slice(text.indexOf('\r\n\r\n') + 4)
  return chunks.replace(/[0-9a-f]+\r\n([\s\S]*?)\r\n(?=[0-9a-f]+\r\n|$)/g, '$1')
}

describe('a script', () => {
  test('gives each request the next behaviour, and the last one again and again', async () => {
    const url = server.script(...storm(2, 503), status(404), status(410))
    const codes: number[] = []
    for (let count = 0; count < 5; count++) codes.push((await fetch(url)).status)
    expect(codes).toEqual([503, 503, 404, 410, 410])
  })

  test('has a path of its own, and what has none is 404', async () => {
    expect(server.script(status(200))).not.toBe(server.script(status(200)))
    expect((await fetch(`${server.origin}/nowhere`)).status).toBe(404)
  })

  test('keeps every request: method, target, headers, body', async () => {
    const url = server.script(status(200))
    await fetch(`${url}?a=1`, {
      method: 'PUT',
      body: 'größe',
      headers: { 'X-Mine': 'yes', Origin: 'http://a.example' },
    })
    expect(server.requestsTo(url)).toMatchObject([
      { method: 'PUT', target: expect.stringMatching(/\?a=1$/), body: 'größe', headers: { 'x-mine': 'yes' } },
    ])
  })

  test('keeps headers that are UTF-8, and `textOf` reads them', async () => {
    const url = server.script(status(200))
    await take(url, [`Last-Event-ID: ${Buffer.from('日本').toString('latin1')}`, 'Connection: close'])
    expect(textOf(server.requestsTo(url)[0]?.headers['last-event-id'])).toBe('日本')
  })

  test('knows when a client has gone', async () => {
    const url = server.script(silentFromTheStart())
    const controller = new AbortController()
    const answer = fetch(url, { signal: controller.signal }).catch(() => {})
    const [request] = await server.received(1, url)
    expect(request?.isClosed).toBe(false)
    controller.abort()
    await Promise.all([answer, request?.closed])
    expect(request?.isClosed).toBe(true)
  })

  test('answers preflights for pages of all origins, and does not count them', async () => {
    await using open = await BadServer.start({ cors: true })
    const url = open.script(status(200), status(500))
    const headers = { Origin: 'http://a.example', 'Access-Control-Request-Headers': 'x-mine' }
    const preflight = await fetch(url, { method: 'OPTIONS', headers })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toBe('x-mine')
    const answer = await fetch(url, { headers })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'http://a.example',
    ])
    expect(open.requestsTo(url)).toHaveLength(1)
    expect(open.requests).toHaveLength(2)
  })
})

describe('the ends that come too early', () => {
  const body = 'id: 1\ndata: größe\n\n'

  test('after every byte, and each in its own way', async () => {
    for (const bytes of cutsOf(body)) {
      const part = Buffer.from(body).subarray(0, bytes)
      const half = await take(server.script(halfEvent(body, bytes)), ['Connection: close'])
      expect(half.end).toBe('FIN')
      expect(Buffer.from(bodyOf(half.text.replace(/0\r\n\r\n$/, '')))).toEqual(Buffer.from(part.toString()))
      expect(half.text).toMatch(/0\r\n\r\n$/)
      const broken = await take(server.script(brokenOff(body, bytes)))
      expect([broken.end, broken.text.endsWith('0\r\n\r\n')]).toEqual(['FIN', false])
      expect(bodyOf(broken.text)).toBe(part.toString())
      expect((await take(server.script(resetAfter(body, bytes)))).end).toBe('ECONNRESET')
    }
  })

  test('in the head', async () => {
    const { text, end } = await take(server.script(resetInHead(12)))
    expect(['HTTP/1.1 200', '']).toContain(text)
    expect(end).toBe('ECONNRESET')
  })
})

describe('how streams are cut', () => {
  test('byte by byte, each a chunk of its own', async () => {
    const { text } = await take(server.script(byteByByte('data: 1\n\n', { ending: 'end' })), [
      'Connection: close',
    ])
    expect(text.match(/\r\n1\r\n[\s\S]/g)).toHaveLength(9)
  })

  test('inside characters and nowhere else', async () => {
    const { text } = await take(server.script(cutInsideCharacters('aöb', { ending: 'end' })), [
      'Connection: close',
    ])
    expect(Buffer.from(text).toString('latin1')).toContain('\r\n2\r\na')
    expect(piecesOf('abcde', 2).map(String)).toEqual(['ab', 'cd', 'e'])
  })

  test('a flood waits for a client that does not read', async () => {
    const url = server.script(lineWithoutEnd())
    const answer = await fetch(url)
    const [request] = server.requestsTo(url)
    await expect.poll(() => request?.sentBytes).toBeGreaterThan(0)
    await answer.body?.cancel()
    await request?.closed
    expect(request?.sentBytes).toBeLessThan(100_000_000)
  })
})

describe('who may, and what follows', () => {
  test('401 without one of the tokens', async () => {
    const url = server.script(unauthorizedWithout(['a', 'b'], status(200)))
    const ask = async (authorization: string) => (await fetch(url, { headers: { authorization } })).status
    expect([await ask('Bearer c'), await ask('Bearer b'), await ask('')]).toEqual([401, 200, 401])
  })

  test('a numbered stream goes on after Last-Event-ID', async () => {
    const url = server.script(numbered(3, { ending: 'end' }))
    const ask = async (headers: Record<string, string>) => (await fetch(url, { headers })).text()
    expect(await ask({})).toBe('retry: 50\n\nid: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\n')
    expect(await ask({ 'Last-Event-ID': '2' })).toBe('retry: 50\n\nid: 3\ndata: 3\n\n')
    expect(await ask({ 'Last-Event-ID': '3' })).toBe('retry: 50\n\n')
    expect(await ask({ 'Last-Event-ID': 'x' })).toContain('id: 1\n')
  })

  test.each(malformedControlData)('a control event with the data %o is written as it is', async (data) => {
    const url = server.script(malformedControl('connected', data, 'data: then\n\n'))
    const reader = (await fetch(url)).body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.endsWith('data: then\n\n')) text += (await reader.read()).value
    await reader.cancel()
    expect(text).toContain(`event: connected\ndata: ${data}\n\n`)
  })
})

describe('the routes', () => {
  test('are listed on the page, each with its examples, and have names of their own', async () => {
    const page = await (await fetch(server.origin)).text()
    for (const { name, says, examples = [] } of routes) {
      expect(page).toContain(says)
      expect(page).toContain(`href="/${name}${examples.length > 0 ? `/${examples[0]}` : ''}"`)
    }
    expect(new Set(routes.map(({ name }) => name)).size).toBe(routes.length)
  })

  test('begin again at a new query', async () => {
    const codes: number[] = []
    for (const query of ['', '', '?2', '?2', '', '', '?2']) {
      const answer = await fetch(`${server.origin}/storm/503${query}`)
      codes.push(answer.status)
      await answer.body?.cancel()
    }
    expect(codes).toEqual([503, 503, 503, 503, 503, 200, 503])
  })

  test.each(routes.map(({ name }) => name).filter((name) => !name.startsWith('silent-from')))(
    '/%s answers',
    async (name) => {
      const { examples = [''] } = routes.find((route) => route.name === name)!
      for (const example of examples) {
        const url = `${server.origin}/${name}${example === '' ? '' : `/${example}`}`
        const answer = await fetch(url, { redirect: 'manual' }).catch((error) => error.cause.code as string)
        if (typeof answer === 'string') expect(name).toMatch(/^reset/)
        else await answer.body?.cancel()
      }
    },
  )

  test('what a route does not know is 404 or hung up on', async () => {
    expect((await fetch(`${server.origin}/good/7`)).status).toBe(404)
    await expect(fetch(`${server.origin}/hard/${hardStreams.length}`)).rejects.toThrow('fetch failed')
  })
})

test('a port may be chosen, and is free again afterwards', async () => {
  const port = await freePort()
  const first = await BadServer.start({ port })
  const open = connect(port, '127.0.0.1')
  await once(open, 'connect')
  // It may be reset.
  open.on('error', () => {})
  const closed = new Promise((resolve) => open.on('close', resolve))
  await first[Symbol.asyncDispose]()
  await closed
  await using second = await BadServer.start({ port })
  expect(second.origin).toBe(`http://127.0.0.1:${port}`)
  expect(await (await fetch(second.script(stream('', { ending: 'end' })))).text()).toBe('')
})
