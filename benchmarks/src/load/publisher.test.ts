import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { jsonShape } from '../servers/contender.ts'
import { Publisher } from './publisher.ts'
import { until } from './until.ts'

test('a publisher offers every event that was due, and counts what the server took and refused', async () => {
  let posts = 0
  let events = 0
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      posts++
      const isTaken = posts !== 3
      if (isTaken) events += (JSON.parse(body) as unknown[]).length
      response.writeHead(isTaken ? 201 : 500, { 'Content-Length': 0 }).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const publisher = await Publisher.open({ port, shape: jsonShape('/publish'), eventsPerSecond: 2_000 })
  try {
    await publisher.run(200)
    expect(await until(() => publisher.isSettled, 60_000)).toBe(true)
    expect(publisher.offered).toBe(400)
    expect(publisher.refused).toBe(10)
    expect(publisher.taken).toBe(390)
    expect(events).toBe(390)
  } finally {
    publisher.close()
    server.close()
  }
})
