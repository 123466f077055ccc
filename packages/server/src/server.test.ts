import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { resolveSettings } from './config/settings.ts'
import { type RunningServer, startServer } from './server.ts'

// Without credentials of anybody who works here.
const data = join(tmpdir(), `tidings-server-test-${crypto.randomUUID()}`)
const quiet = { store: 'memory:', data, port: 0, logLevel: 'silent', drainMs: 200 } as const

let running: RunningServer | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

async function start(): Promise<RunningServer> {
  running = await startServer(resolveSettings(quiet))
  return running
}

it('a server says where it is, and answers there', async () => {
  const { url, port } = await start()
  expect(url).toBe(`http://127.0.0.1:${port}`)
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
})

it('a publish that is under way when the server is told to end is answered, and then nothing listens any more', async () => {
  const server = await start()
  const publishes = Array.from({ length: 20 }, (_, index) =>
    fetch(`${server.url}/api/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ topic: 'last', data: index }),
    }),
  )
  await Promise.race(publishes)
  const stream = await fetch(`${server.url}/events`)
  const closed = server.close()
  expect(server.close()).toBe(closed)
  for (const publish of publishes) expect([201, 503]).toContain((await publish).status)
  expect(await stream.text()).toContain('event: goodbye')
  await closed
  await expect(fetch(server.url)).rejects.toThrow()
})

it('a request that never ends does not keep the server from ending', async () => {
  const server = await start()
  const head = 'POST /broadcast HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nx'
  const { connect } = await import('node:net')
  const socket = connect(server.port, '127.0.0.1', () => socket.write(head))
  await new Promise((resolve) => socket.once('connect', resolve))
  await fetch(`${server.url}/healthz`)
  const gone = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  const began = performance.now()
  await server.close()
  await gone
  expect(performance.now() - began).toBeLessThan(20_000)
})

it('a port that is taken is an error that says so, and leaves nothing open', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => blocker.once('listening', resolve))
  const { port } = blocker.address() as { port: number }
  await expect(startServer(resolveSettings({ ...quiet, port }))).rejects.toMatchObject({ code: 'EADDRINUSE' })
  blocker.close()
})
