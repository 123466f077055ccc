import { once } from 'node:events'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeCertificate } from '../../../../tests/support/certificate.ts'
import {
  dataFrame,
  frameType,
  Http2Client,
  pingFrame,
  requestFrame,
  settingId,
} from '../../../../tests/support/http2-client.ts'
import { Http2Sessions } from './http2-sessions.ts'

const cancel = 8
const second = 1_000

let server: Http2SecureServer
let client: Http2Client
/** Paths of the requests that have arrived. */
let asked: string[]

beforeEach(async () => {
  asked = []
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  server = createSecureServer(makeCertificate(), (request, response) => {
    asked.push(request.url)
    const isStream = request.url === '/events' || request.url === '/goodbye'
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' })
    response.write('first')
    if (request.url === '/done' || request.url === '/goodbye') response.end()
  })
  new Http2Sessions(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(() => {
  client.close()
  server.close()
  vi.useRealTimers()
})

async function open(windowBytes = 65_535): Promise<void> {
  const { port } = server.address() as AddressInfo
  client = await Http2Client.open({ port, settings: [[settingId.initialWindowSize, windowBytes]] })
  client.send(pingFrame())
  await vi.waitFor(() => expect(client.of(frameType.ping)).toHaveLength(1))
}

async function ask(streamId: number, path: string, more: Record<string, string> = {}): Promise<void> {
  client.send(requestFrame(streamId, path, more))
  await vi.waitFor(() => expect(asked.at(-1)).toBe(path))
}

/** Whether the server has ended the session by now, as a client learns it. */
async function isEnded(): Promise<boolean> {
  if (client.isOver) return true
  const pings = client.of(frameType.ping).length
  client.send(pingFrame())
  await vi.waitFor(() => expect(client.isOver || client.of(frameType.ping).length > pings).toBe(true))
  return client.isOver
}

test('an answer that nobody takes is reset after two minutes, and a stream is not', async () => {
  await open(0)
  await ask(1, '/page')
  await ask(3, '/events')
  await ask(5, '/goodbye')
  vi.advanceTimersByTime(110 * second)
  expect(await isEnded()).toBe(false)
  expect(client.of(frameType.rstStream)).toEqual([])
  vi.advanceTimersByTime(20 * second)
  await vi.waitFor(() => expect([client.resetCode(1), client.resetCode(5)]).toEqual([cancel, cancel]))
  vi.advanceTimersByTime(3_600 * second)
  expect(await isEnded()).toBe(false)
  expect(client.resetCode(3)).toBeUndefined()
})

test('a request whose body never ends is reset after half a minute, however much it trickles', async () => {
  await open()
  await ask(1, '/slow', { method: 'POST' })
  for (let passed = 0; passed < 40; passed += 10) {
    client.send(dataFrame(1, 'x'))
    vi.advanceTimersByTime(10 * second)
  }
  await vi.waitFor(() => expect(client.resetCode(1)).toBe(cancel))
  expect(await isEnded()).toBe(false)
})

test('a session is ended when it has been idle for long, though not while a stream is open', async () => {
  await open()
  await ask(1, '/events')
  vi.advanceTimersByTime(600 * second)
  expect(await isEnded()).toBe(false)
  await ask(3, '/done')
  client.close()
  await open()
  await ask(1, '/done')
  await vi.waitFor(() => expect(client.text(1)).toBe('first'))
  vi.advanceTimersByTime(70 * second)
  expect(await isEnded()).toBe(false)
  vi.advanceTimersByTime(10 * second)
  await vi.waitFor(() => expect(client.goawayCode).toBe(0))
})

test('a session that has asked for nothing is ended much sooner, and pings do not count', async () => {
  await open()
  vi.advanceTimersByTime(5 * second)
  expect(await isEnded()).toBe(false)
  vi.advanceTimersByTime(10 * second)
  await vi.waitFor(() => expect(client.isClosed).toBe(true))
})
