import { expect, it } from 'vitest'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { until } from '../support/until.ts'
import { judge } from '../support/verdict.ts'

it('a server that was stopped for a while goes on where it was, and does not make up for missed heartbeats', async () => {
  await using server = await ServerProcess.start({ settings: { heartbeatMs: 100 } })
  const { port } = server
  using reader = await SseReader.open({ port, topics: ['orders'] })
  using publisher = new Publisher({ port, name: 'publisher', timeoutMs: 500 })
  await publisher.publish({ topic: 'orders' })
  await reader.hasReceived(1)
  server.signal('SIGSTOP')
  const outcome = publisher.publish({ topic: 'orders' })
  const stopped = performance.now()
  await until('three seconds', () => performance.now() - stopped > 3_000)
  const beats = reader.comments
  const going = performance.now()
  server.signal('SIGCONT')
  expect(await outcome).toMatchObject({ kind: 'acknowledged' })
  await until('heartbeats again', () => reader.comments - beats > 1 && performance.now() - going > 500)
  // Thirty were missed. No more come than are due since it goes on, and a few while it sorts itself out.
  expect(reader.comments - beats).toBeLessThan((performance.now() - going) / 100 + 8)
  expect(reader.connections).toBe(1)
  expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
})
