import { describe, expect, it } from 'vitest'
import { getText } from '../support/get-text.ts'
import { requireProgram } from '../support/programs.ts'
import { until } from '../support/until.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'

describe.skipIf(requireProgram('redis-server') === undefined)('nodes that start before Redis', () => {
  it('are alive and not ready, turn everybody away for a while, and work by themselves when it comes', async () => {
    await using cluster = await Cluster.prepare({ settings: { retryMs: 100 } })
    for (const { server } of cluster.nodes) server.launch()
    for (const { server } of cluster.nodes) {
      const alive = await until('the process to answer', async () => getText(`${server.url}/healthz`))
      expect(alive.status).toBe(200)
      const { status, text } = await getText(`${server.url}/readyz`)
      expect(status).toBe(503)
      expect(JSON.parse(text)).toMatchObject({ status: 'unavailable' })
      const refused = await fetch(`${server.url}/api/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"topic":"orders/1"}',
      })
      expect(refused.status).toBe(503)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    // An EventSource that comes too early is told to come again.
    const readers = cluster.readers('orders/1', { reconnect: 'as-told' })
    using publisher = cluster.publisher('publisher')
    const first = publisher.publish({ topic: 'orders/1' })
    await until('the publisher to be turned away', () => publisher.publications[0]!.attempts.length > 2)
    await cluster.redis.start()
    await cluster.isReady()
    expect(await first).toMatchObject({ kind: 'acknowledged' })
    for (let count = 0; count < 10; count++) await publisher.publish({ topic: 'orders/1' })
    await expectKept({ cluster, publishers: [publisher], readers: await readers })
    for (const reader of await readers) reader.close()
    for (const { server } of cluster.nodes) {
      expect(server.output.match(/cannot be reached/g)?.length, 'how often it is said').toBeLessThan(20)
    }
  })

  it('end when they are told to, while they wait', async () => {
    await using cluster = await Cluster.prepare({ nodes: 1 })
    const { server } = cluster.node(0)
    server.launch()
    await until('the process to answer', async () => getText(`${server.url}/healthz`))
    const start = performance.now()
    await server.kill('SIGTERM')
    expect(performance.now() - start).toBeLessThan(15_000)
  })
})
