import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { nowMicros, payload } from '../payload.ts'
import { Crowd } from './crowd.ts'
import { until } from './until.ts'

const sockets: Socket[] = []
let server: Server
let crowd: Crowd

/** A server that answers every connection with these bytes. */
async function serve(answer: string): Promise<number> {
  server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    socket.once('data', () => socket.write(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

afterEach(async () => {
  crowd.close()
  for (const socket of sockets.splice(0)) socket.destroy()
  server.close()
  await once(server, 'close')
})

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'
const event = (id: number) => `id: ${id}\ndata: ${payload(nowMicros())}\n\n`

test('a crowd counts every event of every stream, and misses the one that a server drops', async () => {
  crowd = new Crowd({ port: await serve(head), path: () => '/', sampleEvery: 5, tracksIds: true, goal: 3 })
  expect(await crowd.join(20, { atOnce: 7, deadlineMs: 60_000 })).toBe(true)
  for (const socket of sockets) socket.write(`:\n\n${event(1)}${event(2)}`)
  for (const socket of sockets.slice(1)) socket.write(event(3))
  expect(await until(() => crowd.received === 59, 60_000)).toBe(true)
  expect(crowd.listeners.filter(({ received }) => received < 3)).toHaveLength(1)
  expect(crowd.goalTimes.count).toBe(19)
  expect(crowd.listeners.filter(({ lastId }) => lastId === '3')).toHaveLength(19)
  expect(crowd.latencies.count).toBeGreaterThanOrEqual(11)
  expect(crowd.latencies.quantileMs(0.5)).toBeGreaterThan(0)
})

test('a stream that is refused is not open, and its answer is the reason', async () => {
  crowd = new Crowd({ port: await serve('HTTP/1.1 503 Service Unavailable\r\n\r\n'), path: () => '/' })
  expect(await crowd.join(3, { deadlineMs: 60_000 })).toBe(true)
  expect(crowd.open).toBe(0)
  expect(crowd.ended).toBe(3)
  expect([...crowd.reasons]).toEqual(['answered HTTP/1.1 503 Service Unavailable'])
})

test('a stream that the server ends is counted as ended', async () => {
  crowd = new Crowd({ port: await serve(head), path: () => '/' })
  await crowd.join(2, { deadlineMs: 60_000 })
  sockets[0]!.end()
  expect(await until(() => crowd.ended === 1, 60_000)).toBe(true)
})
