import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import * as http2 from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { createTidings, type Tidings, type TidingsOptions } from '../tidings.ts'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(options: TidingsOptions = {}): Promise<Tidings> {
  const tidings = await createTidings({ store: 'memory:', drainMs: 100, ...options })
  closing.push(() => tidings.close())
  return tidings
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function listen(handler: Handler): Promise<{ server: Server; port: number }> {
  const server = createServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.closeAllConnections())
  closing.push(() => server.close())
  return { server, port: (server.address() as AddressInfo).port }
}

/** Sends a request on a bare socket and collects every byte of the answer. */
function raw(
  port: number,
  head: string,
): { readonly text: string; close(): void; readonly isEnded: boolean } {
  const socket = connect(port, '127.0.0.1')
  const answer = { text: '', isEnded: false, close: () => socket.destroy() }
  socket.setEncoding('latin1')
  socket.on('data', (text) => {
    answer.text += text
  })
  socket.on('close', () => {
    answer.isEnded = true
  })
  socket.write(head.replaceAll('\n', '\r\n'))
  closing.push(answer.close)
  return answer
}

/** Takes HTTP/1.1 chunks apart. */
function unchunk(body: string): string {
  let text = ''
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.slice(at, lineEnd), 16)
    text += body.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + size + 4
  }
  return text
}

const get = 'GET /events?topic=a HTTP/1.1\nHost: localhost\n\n'

test('an HTTP/1.1 stream is chunked, an HTTP/1.0 stream ends with its connection; both say the same', async () => {
  const tidings = await open()
  const { port } = await listen((request, response) => void tidings.stream(request, response))
  const modern = raw(port, get)
  const old = raw(port, 'GET /events?topic=a HTTP/1.0\n\n')
  await vi.waitFor(() => expect(tidings.audience(['a'])).toBe(2))
  await vi.waitFor(() => expect(modern.text + old.text).toMatch(/connected[\s\S]*connected/))
  const { ids } = await tidings.publish([
    { topic: 'a', text: 'é\n2' },
    { topic: 'a', type: 'update' },
  ])
  const stored = await tidings.history({ topics: ['a'], limit: 1, order: 'asc' })
  await tidings.close()
  await vi.waitFor(() => expect(modern.isEnded && old.isEnded).toBe(true))
  const [head, body] = modern.text.split('\r\n\r\n', 2) as [string, string]
  expect(head).toMatch(/^HTTP\/1\.1 200 OK/)
  expect(head).toContain('Content-Type: text/event-stream; charset=utf-8')
  expect(head).toContain('Cache-Control: no-cache, no-transform')
  expect(head).toContain('X-Accel-Buffering: no')
  expect(head).toContain('Transfer-Encoding: chunked')
  expect(old.text).not.toContain('Transfer-Encoding')
  expect(body).toBeDefined()
  const { time } = stored.events[0]!
  const fields = `topic: a\ntime: ${Date.parse(time)}\n`
  const event = `id: ${ids[0]}\n${fields}data: Ã©\ndata: 2\n\nevent: update\nid: ${ids[1]}\n${fields}data: null\n\n`
  expect(unchunk(modern.text.slice(head.length + 4))).toContain(event)
  expect(old.text).toContain(event)
  expect(modern.text).toMatch(/event: goodbye\ndata: {"reason":"drain"[\s\S]*\r\n0\r\n\r\n$/)
})

test('headers that were set before go out with the head, and nothing else is left on the socket', async () => {
  const tidings = await open()
  const { port, server } = await listen((request, response) => {
    response.setHeader('Set-Cookie', 'a=b')
    void tidings.stream(request, response, { topics: ['a'] })
  })
  const stream = raw(port, get)
  await vi.waitFor(() => expect(stream.text).toContain('connected'))
  expect(stream.text).toContain('Set-Cookie: a=b')
  stream.close()
  await vi.waitFor(async () => expect((await tidings.stats()).totalConnections).toBe(0))
  // The server forgets the connection too: it can close.
  server.close()
  await once(server, 'close')
})

test('somebody who waits for the close of the response, or wraps its writes, is not passed over', async () => {
  const tidings = await open()
  const closed = vi.fn()
  const written: string[] = []
  const { port } = await listen((request, response) => {
    if (request.url === '/close') response.on('close', closed)
    else {
      const { write } = response
      response.write = ((bytes: Buffer) => {
        written.push(bytes.toString())
        return write.call(response, bytes, 'utf8')
      }) as typeof response.write
    }
    void tidings.stream(request, response, { topics: ['a'] })
  })
  const one = raw(port, 'GET /close HTTP/1.1\nHost: localhost\n\n')
  const two = raw(port, 'GET /wrapped HTTP/1.1\nHost: localhost\n\n')
  await vi.waitFor(() => expect(tidings.audience(['a'])).toBe(2))
  await tidings.publish({ topic: 'a', text: 'hello' })
  await vi.waitFor(() => expect(one.text).toContain('data: hello'))
  await vi.waitFor(() => expect(two.text).toContain('data: hello'))
  expect(written.join('')).toContain('data: hello')
  one.close()
  await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
})

test('a stream over HTTP/2 carries no headers that HTTP/2 forbids', async () => {
  const tidings = await open()
  const server = http2.createServer((request, response) => void tidings.stream(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  closing.push(() => session.destroy())
  const stream = session.request({ ':path': '/events?topic=a' })
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
  expect(headers[':status']).toBe(200)
  expect(headers['content-type']).toBe('text/event-stream; charset=utf-8')
  expect(Object.keys(headers)).not.toContain('connection')
  await vi.waitFor(() => expect(text).toContain('connected'))
  await tidings.publish({ topic: 'a', text: 'hello' })
  await vi.waitFor(() => expect(text).toContain('data: hello\n\n'))
  stream.close()
  await vi.waitFor(() => expect(tidings.audience(['a'])).toBe(0))
})

test('a fetch-style stream answers, resumes, and ends when its reader goes', async () => {
  const tidings = await open()
  const first = await tidings.publish({ topic: 'a', text: 'one' })
  await tidings.publish({ topic: 'a', text: 'two' })
  const response = await tidings.respond(
    new Request('http://localhost/events?topic=a', { headers: { 'Last-Event-ID': first.ids[0]! } }),
  )
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('event: live')) text += (await reader.read()).value
  expect(text).toContain('"resumed":true')
  expect(text).not.toContain('data: one')
  expect(text).toContain('data: two')
  expect(tidings.audience(['a'])).toBe(1)
  await reader.cancel()
  await vi.waitFor(() => expect(tidings.audience(['a'])).toBe(0))
})

test('a fetch-style reader that is slow is not buffered without bound, and gets everything', async () => {
  const tidings = await open({ streamBufferBytes: 4_096 })
  const response = await tidings.respond(new Request('http://localhost/events?topic=a'))
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const text = 'x'.repeat(1_000)
  for (let n = 0; n < 500; n++) await tidings.publish({ topic: 'a', text: `${n} ${text}` })
  // Half a megabyte is published, and nobody has read a byte: what waits is the sink's measure and one frame.
  expect((await tidings.stats()).totalBytesSent).toBeLessThan(100_000)
  let got = ''
  while (!got.includes('data: 499 ')) got += (await reader.read()).value
  expect(got.match(/data: \d+ /g)).toEqual(Array.from({ length: 500 }, (_, n) => `data: ${n} `))
  await reader.cancel()
})

test('beyond its limits the server answers 200, says when to come back, and ends', async () => {
  const tidings = await open({ maxConnections: 3, maxConnectionsPerUser: 1 })
  const { port } = await listen((request, response) => void tidings.stream(request, response))
  const first = raw(port, 'GET /events?userId=alice HTTP/1.1\nHost: localhost\n\n')
  await vi.waitFor(() => expect(first.text).toContain('connected'))
  const second = raw(port, 'GET /events?userId=alice HTTP/1.1\nHost: localhost\n\n')
  await vi.waitFor(() => expect(second.text).toContain('"reason":"overloaded","reconnect":true'))
  await vi.waitFor(() => expect(second.isEnded).toBe(true))
  expect(second.text).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*retry: \d+\nevent: goodbye/)
  const others = [raw(port, get), raw(port, get)]
  await vi.waitFor(() => expect(others.every(({ text }) => text.includes('connected'))).toBe(true))
  const fourth = raw(port, get)
  await vi.waitFor(() => expect(fourth.text).toContain('overloaded'))
  first.close()
  await vi.waitFor(async () => expect((await tidings.stats()).uniqueUsers).toBe(0))
  const again = raw(port, 'GET /events?userId=alice HTTP/1.1\nHost: localhost\n\n')
  await vi.waitFor(() => expect(again.text).toContain('connected'))
})

test('a silent stream gets a heartbeat within its interval, which moves the cursor and dispatches nothing', async () => {
  const tidings = await open({ heartbeatMs: 200 })
  const { port } = await listen((request, response) => void tidings.stream(request, response))
  const stream = raw(port, get)
  await vi.waitFor(() => expect(stream.text).toContain('connected'))
  const { ids } = await tidings.publish({ topic: 'elsewhere', text: 'not for this stream' })
  await vi.waitFor(() => expect(stream.text).toContain(`:\nid: ${ids[0]}\n\n`))
  expect(stream.text).not.toContain('not for this stream')
})

test('a stream that is old says goodbye, and goes on from its id without a gap', async () => {
  const tidings = await open({ maxConnectionAgeMs: 300, heartbeatMs: 200 })
  const { port } = await listen((request, response) => void tidings.stream(request, response))
  const stream = raw(port, get)
  await vi.waitFor(() => expect(stream.isEnded).toBe(true))
  expect(stream.text).toContain('"reason":"max-age","reconnect":true')
  const id = stream.text
    .match(/id: (\S+)/g)!
    .at(-1)!
    .slice(4)
  await tidings.publish({ topic: 'a', text: 'meanwhile' })
  const again = raw(port, get.replace('\n\n', `\nLast-Event-ID: ${id}\n\n`))
  await vi.waitFor(() => expect(again.text).toContain('event: live'))
  expect(again.text).toContain('data: meanwhile')
  expect(again.text).not.toContain('event: gap')
})

test('a wrong subscription throws and leaves the response to its owner', async () => {
  const tidings = await open()
  const { port } = await listen((request, response) => {
    tidings.stream(request, response).catch((error) => response.writeHead(error.status).end(error.code))
  })
  const answer = request({ port, host: '127.0.0.1', path: '/events?topic=a//b' }).end()
  const [response] = (await once(answer, 'response')) as [IncomingMessage]
  expect(response.statusCode).toBe(400)
  expect(await response.setEncoding('utf8').toArray()).toEqual(['invalid_topic'])
})
