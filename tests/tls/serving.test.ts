import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectPlain } from 'node:net'
import { connect as connectTls, type PeerCertificate, type SecureVersion, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import {
  type CertificatePair,
  type CertificateSettings,
  makeCertificate,
  writeCertificate,
} from '../support/certificate.ts'
import { Http2Client } from '../support/http2-client.ts'
import { Publisher } from '../support/publisher.ts'
import { sendRaw } from '../support/raw-http.ts'
import { ServerProcess, tidingsCommand } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'
import { judge } from '../support/verdict.ts'

/** Fields that HTTP/2 forbids (RFC 9113 §8.2.2). */
const hopByHop = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection']

let folder: TempFolder
let pair: CertificatePair
let files: CertificateSettings
let server: ServerProcess

beforeAll(async () => {
  folder = await tempFolder()
  pair = makeCertificate({ name: 'first' })
  files = await writeCertificate(folder.path, pair)
  server = await ServerProcess.start({ settings: { ...files, heartbeatMs: 200 } })
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

/** A session that trusts the certificate, as a browser would. */
async function openSession({ port }: ServerProcess = server): Promise<ClientHttp2Session & AsyncDisposable> {
  const session = connect(`https://127.0.0.1:${port}`, { ca: pair.cert })
  session.on('error', () => {})
  await once(session, 'connect')
  return Object.assign(session, { [Symbol.asyncDispose]: async () => session.destroy() })
}

/** One exchange over HTTP/2, to its end. */
async function exchange(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body?: string,
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }> {
  const stream = session.request(headers)
  if (body !== undefined) stream.end(body)
  const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status'?: number }]
  const text = (await stream.setEncoding('utf8').toArray()).join('')
  return { status: head[':status'], headers: head, text }
}

/** A stream of events over HTTP/2, with all that came so far. */
async function follow(session: ClientHttp2Session, path: string, headers: Record<string, string> = {}) {
  const stream = session.request({ ':path': path, ...headers })
  const followed = { stream, text: '', isOver: false, headers: {} as IncomingHttpHeaders }
  stream.setEncoding('utf8').on('data', (text: string) => {
    followed.text += text
  })
  stream.on('error', () => {})
  stream.on('close', () => {
    followed.isOver = true
  })
  const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  followed.headers = head
  await until('the first block', () => followed.text.includes('event: connected'))
  return followed
}

async function publish(session: ClientHttp2Session, topic: string, text: string): Promise<string> {
  const headers = { ':method': 'POST', ':path': '/api/events', 'content-type': 'application/json' }
  const answer = await exchange(session, headers, JSON.stringify({ topic, text }))
  expect(answer.status).toBe(201)
  return (JSON.parse(answer.text) as { ids: [string] }).ids[0]
}

describe('over HTTP/2', () => {
  it('answers, publishes and streams, without headers that HTTP/2 forbids', async () => {
    await using session = await openSession()
    expect(session.alpnProtocol).toBe('h2')
    const answers = [
      await exchange(session, { ':path': '/healthz' }),
      await exchange(session, { ':path': '/nothing' }),
      await exchange(session, { ':path': '/api/events?topic=a' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 200])
    const stream = await follow(session, '/events?topic=orders')
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    for (const { headers } of [...answers, stream]) {
      for (const name of hopByHop) expect(headers).not.toHaveProperty(name)
    }
    const id = await publish(session, 'orders', 'one')
    await until('the event', () => stream.text.includes(`id: ${id}\ntopic: orders\ntime: `))
    await until('its data', () => stream.text.includes('data: one\n\n'))
    await until('a heartbeat', () => stream.text.includes(':\n'))
    stream.stream.close()
  })

  it('resumes where a stream left off, and a reset ends one stream alone', async () => {
    await using session = await openSession()
    const [first, second] = [
      await follow(session, '/events?topic=a'),
      await follow(session, '/events?topic=a'),
    ]
    const id = await publish(session, 'a', 'before')
    await until('the event', () => first.text.includes('before') && second.text.includes('before'))
    first.stream.close(constants.NGHTTP2_CANCEL)
    await publish(session, 'a', 'between')
    await until('the event on the other', () => second.text.includes('between'))
    const again = await follow(session, '/events?topic=a', { 'last-event-id': id })
    await until('the end of the replay', () => again.text.includes('event: live'))
    expect(again.text).toContain('data: between')
    expect(again.text).not.toContain('data: before')
    expect(session.destroyed).toBe(false)
  })

  it('takes no half of a body that is broken off', async () => {
    await using session = await openSession()
    const stream = await follow(session, '/events?topic=half')
    const headers = { ':method': 'POST', ':path': '/api/events?topic=half', 'content-type': 'text/plain' }
    const post = session.request(headers, { endStream: false })
    post.on('error', () => {})
    post.write('half of what was meant')
    await exchange(session, { ':path': '/healthz' })
    // A reset without an end of the body before it: destroying sends just that.
    post.destroy()
    await publish(session, 'half', 'next')
    await until('what came next', () => stream.text.includes('data: next'))
    expect(stream.text).not.toContain('half of what')
  })

  it('answers for a resource of any size, and takes a body of as much as it may have', async () => {
    await using session = await openSession()
    await publish(session, 'large', 'x'.repeat(250_000))
    const { text } = await exchange(session, { ':path': '/api/events?topic=large' })
    expect(text.length).toBeGreaterThan(250_000)
    const headers = { ':method': 'POST', ':path': '/api/events', 'content-type': 'application/json' }
    const refused = await exchange(
      session,
      headers,
      JSON.stringify({ topic: 'a', text: 'x'.repeat(2 ** 21) }),
    )
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'body_too_large' })
  })

  it('takes the authority of a request for its host', async () => {
    await using session = await openSession()
    const statusFor = async (headers: Record<string, string>) =>
      (await exchange(session, { ':path': '/api/stats', ...headers })).status
    expect(await statusFor({ ':authority': `localhost:${server.port}` })).toBe(200)
    expect(await statusFor({ ':authority': 'rebound.example' })).toBe(403)
    expect(await statusFor({ ':authority': 'rebound.example', host: 'localhost' })).toBe(403)
  })

  it('holds many streams in one session, each with every event', async () => {
    await using session = await openSession()
    const streams = await Promise.all(
      Array.from({ length: 100 }, () => follow(session, '/events?topic=many')),
    )
    for (let count = 1; count <= 20; count++) await publish(session, 'many', `number ${count}`)
    await until('all events', () => streams.every(({ text }) => text.includes('data: number 20\n')))
    for (const { text } of streams) expect(text.match(/data: number/g)).toHaveLength(20)
  })
})

describe('over HTTP/1.1 with TLS', () => {
  it('streams and publishes as without', async () => {
    using reader = await SseReader.open({ port: server.port, isSecure: true, topics: ['orders'] })
    using publisher = new Publisher({ port: server.port, isSecure: true, name: 'publisher' })
    for (let index = 0; index < 50; index++)
      await publisher.publish({ topic: 'orders', padding: index * 2_000 })
    await reader.hasReceived(50)
    expect(reader.head!.headers.get('transfer-encoding')).toBe('chunked')
    expect(reader.disorders).toBe(0)
  })

  it('a reader that does not read falls behind, and then gets everything', async () => {
    using reader = await SseReader.open({ port: server.port, isSecure: true, topics: ['slow'] })
    using publisher = new Publisher({ port: server.port, isSecure: true, name: 'publisher' })
    reader.pause()
    for (let index = 0; index < 100; index++) await publisher.publish({ topic: 'slow', padding: 100_000 })
    reader.resume()
    await reader.hasReceived(100)
    expect(reader.disorders).toBe(0)
  })
})

const curl = promisify(execFile)

test.each([
  ['--http2', 'HTTP/2 200'],
  ['--http1.1', 'HTTP/1.1 200 OK'],
])('curl %s is answered', async (version, status) => {
  const { stdout } = await curl('curl', [
    '-sS',
    '-i',
    version,
    '--cacert',
    files.tlsCert,
    `${server.url}/healthz`,
  ])
  expect(stdout.split('\r\n')[0]!.trim()).toBe(status)
})

describe('what is not HTTPS', () => {
  it('HTTP without TLS is told to use https', async () => {
    const answer = await sendRaw({ port: server.port, path: '/events' })
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'bad_request',
      detail: expect.stringContaining('https://'),
    })
  })

  it('anything else is hung up on', async () => {
    for (const bytes of ['hello\r\n\r\n', '\0'.repeat(100), '\x16\x03\x01\x00\x05hello']) {
      const socket = connectPlain(server.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.resume().write(bytes)
      await once(socket, 'close')
    }
  })

  test.each<SecureVersion>(['TLSv1', 'TLSv1.1'])('%s is refused', async (maxVersion) => {
    const options = { minVersion: maxVersion, maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const socket = connectTls({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
    await expect(once(socket, 'secureConnect')).rejects.toThrow(/protocol version|unsupported/)
  })
})

describe('a renewed certificate', () => {
  it('is taken up on SIGHUP without a stream being cut; one that is no good is not', async () => {
    await using own = await tempFolder()
    const settings = await writeCertificate(own.path, makeCertificate({ name: 'old' }))
    await using renewing = await ServerProcess.start({ settings: { ...settings, heartbeatMs: 200 } })
    using reader = await SseReader.open({ port: renewing.port, isSecure: true, topics: ['a'] })
    using publisher = new Publisher({ port: renewing.port, isSecure: true, name: 'publisher' })
    expect(await commonName(renewing.port)).toBe('old')
    const renewed = makeCertificate({ name: 'new' })
    await writeCertificate(own.path, renewed)
    renewing.signal('SIGHUP')
    await until('the new certificate', async () => (await commonName(renewing.port)) === 'new')
    await writeCertificate(own.path, { cert: makeCertificate({ name: 'odd' }).cert, key: renewed.key })
    renewing.signal('SIGHUP')
    await until('the complaint', () => renewing.output.includes('the old one stays in use'))
    expect(await commonName(renewing.port)).toBe('new')
    await publisher.publish({ topic: 'a' })
    await reader.hasReceived(1)
    expect(reader.connections).toBe(1)
  })
})

/** The name in the certificate that a server shows. */
async function commonName(port: number): Promise<string> {
  const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { subject }: PeerCertificate = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}

describe('a start with files that are no good', () => {
  test.each([
    ['half a pair', () => ({ tlsCert: files.tlsCert }), /tlsKey \(missing\) is needed too/],
    ['no such file', () => ({ ...files, tlsCert: '/nowhere/cert.pem' }), /tlsCert .*does not exist/],
    [
      'two that do not belong together',
      () => ({ tlsCert: files.tlsKey, tlsKey: files.tlsKey }),
      /holds no certificate/,
    ],
  ])('ends at once and says why: %s', async (_, settings, words) => {
    const { code, output } = await runServe(settings())
    expect(code).toBe(78)
    expect(output).toMatch(words)
  })

  it('goes on with a certificate whose time is over, and says so', async () => {
    await using own = await tempFolder()
    const expired = makeCertificate({ validTo: new Date(Date.now() - 60_000) })
    await using late = await ServerProcess.start({ settings: await writeCertificate(own.path, expired) })
    await until('the warning', () => late.output.includes('the TLS certificate has expired'))
  })
})

/** Runs `tidings serve` to its end. */
async function runServe(
  settings: Partial<CertificateSettings>,
): Promise<{ code: number | null; output: string }> {
  await using own = await tempFolder()
  const flags = Object.entries({ 'tls-cert': settings.tlsCert, 'tls-key': settings.tlsKey })
  const given = flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]))
  const [program, ...args] = [...tidingsCommand, 'serve', '--port', '0', '--data', own.path, ...given]
  const child = spawn(program!, args, { cwd: own.path })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

describe('shutdown', () => {
  it('tells sessions and streams, lets requests end, and is over in time', async () => {
    // Long enough for a test on a busy machine to look on meanwhile.
    const drainMs = 8_000
    await using draining = await ServerProcess.start({ settings: { ...files, drainMs, heartbeatMs: 200 } })
    await using busy = await openSession(draining)
    await using idle = await openSession(draining)
    let goaways = 0
    for (const session of [busy, idle]) session.on('goaway', () => goaways++)
    const streams = await Promise.all(Array.from({ length: 30 }, () => follow(busy, '/events?topic=a')))
    // A client that never ends its half must not hold up the end.
    using stubborn = await Http2Client.open({ port: draining.port })
    stubborn.pause()
    using slow = await SseReader.open({ port: draining.port, isSecure: true, topics: ['a'] })
    const began = performance.now()
    draining.signal('SIGTERM')
    await until('both sessions to be told', () => goaways === 2)
    // Who comes now is told too, and its session ends with the answer.
    await using late = await openSession(draining)
    const answer = await exchange(late, { ':path': '/readyz' })
    expect(answer.status).toBe(503)
    expect(answer.headers).not.toHaveProperty('connection')
    await until('its session to end', () => late.closed || late.destroyed)
    expect(streams.some(({ isOver }) => !isOver)).toBe(true)
    expect(await draining.ended).toMatchObject({ code: 0 })
    expect(performance.now() - began).toBeLessThan(drainMs + 15_000)
    await until('all streams to see the end', () => streams.every(({ isOver }) => isOver))
    for (const { text } of streams) {
      expect(text).toMatch(/event: goodbye\ndata: {"reason":"drain","reconnect":true,"retryMs":\d+}\n\n$/)
    }
    await slow.hasBlock('goodbye')
    expect(slow.goodbye).toContain('drain')
  })

  it('ends at once when there are only idle sessions', async () => {
    await using draining = await ServerProcess.start({ settings: { ...files, drainMs: 30_000 } })
    await using session = await openSession(draining)
    await exchange(session, { ':path': '/healthz' })
    const began = performance.now()
    expect(await draining.kill('SIGTERM')).toMatchObject({ code: 0 })
    expect(performance.now() - began).toBeLessThan(15_000)
  })
})

it('what was published over TLS survives a kill, and readers go on without a gap', async () => {
  await using killed = await ServerProcess.start({ settings: { ...files, heartbeatMs: 200 } })
  const { port } = killed
  using publisher = new Publisher({ port, isSecure: true, name: 'publisher' })
  using reader = await SseReader.open({ port, isSecure: true, topics: ['orders'], reconnect: 'at-once' })
  const publishing = publisher.publishUntilStopped(() => ({ topic: 'orders' }))
  await reader.hasReceived(50)
  await killed.kill('SIGKILL')
  await killed.start()
  const received = reader.received
  await reader.hasReceived(received + 50)
  publisher.stop()
  await publishing
  expect(await judge({ server: killed, publishers: [publisher], readers: [reader] })).toEqual([])
})
