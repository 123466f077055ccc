import { describe, expect, it } from 'vitest'
import type { Outcome } from '../history/history.ts'
import { requireProgram } from '../support/programs.ts'
import { until } from '../support/until.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'
import { expectTold } from './expect-told.ts'
import { Traffic } from './traffic.ts'

/** Long enough for a test on a busy machine to look on meanwhile. */
const drainMs = 6_000

describe.skipIf(requireProgram('redis-server') === undefined)('nodes that are replaced under load', () => {
  it('one after the other say first that they are not ready, end in order, and no stream loses anything', {
    timeout: 240_000,
  }, async () => {
    await using cluster = await Cluster.start({ settings: { drainMs, retryMs: 200 } })
    const readers = (
      await Promise.all(
        Array.from({ length: 4 }, () => cluster.readers('orders/1', { reconnect: 'as-told' })),
      )
    ).flat()
    await using traffic = new Traffic(cluster)
    await traffic.flows(50)
    for (const { server } of cluster.nodes) {
      const start = performance.now()
      server.signal('SIGTERM')
      await until('it to be no longer ready', async () => !(await server.isReady()))
      expect(readers.some((reader) => reader.port === server.port && reader.isOpen)).toBe(true)
      expect(await server.ended).toMatchObject({ code: 0 })
      expect(performance.now() - start).toBeLessThan(drainMs + 15_000)
      await server.start()
      await traffic.flows(50)
    }
    await traffic.stop()
    await expectKept({ cluster, publishers: traffic.publishers, readers })
    for (const reader of readers) {
      expect(reader.said('gap'), reader.options.name!).toEqual([])
      expect(reader.connections, reader.options.name!).toBeGreaterThan(1)
      reader.close()
    }
  })

  it('by kill -9, one after the other, cost nothing but reconnects', { timeout: 240_000 }, async () => {
    await using cluster = await Cluster.start()
    const readers = await cluster.readers('orders/1')
    await using traffic = new Traffic(cluster)
    for (let round = 0; round < 6; round++) {
      const { server } = cluster.node(round % 3)
      await traffic.flows(20 + Math.random() * 60)
      await server.kill('SIGKILL')
      await traffic.flows(20)
      await server.start()
    }
    await traffic.stop()
    await expectKept({ cluster, publishers: traffic.publishers, readers })
    expectTold(readers)
  })

  it('answer the publishes that are under way when they are told to stop', async () => {
    await using cluster = await Cluster.start({ settings: { drainMs } })
    const readers = await cluster.readers('orders/1')
    const { server, road } = cluster.node(0)
    using publisher = cluster.publisher('publisher', { port: server.port, attempts: 1 })
    await publisher.publish({ topic: 'orders/1' })
    // Two groups: the first publish, and all that came while it was under way. All are stored before any answer is here.
    road.slow(500)
    const open: Promise<Outcome>[] = []
    let answered = 0
    // This process may have stood still for so long that all were answered meanwhile: then once more.
    while (answered === open.length) {
      const sent = Array.from({ length: 20 }, () =>
        publisher.publish({ topic: 'orders/1' }).finally(() => answered++),
      )
      open.push(...sent)
      const stored = 1 + open.length
      await until('all of them to be stored', async () => (await cluster.newest()) === stored)
    }
    server.signal('SIGTERM')
    for (const outcome of await Promise.all(open)) expect(outcome.kind).toBe('acknowledged')
    expect(await server.ended).toMatchObject({ code: 0 })
    road.slow(0)
    await server.start()
    await expectKept({ cluster, publishers: [publisher], readers })
    for (const reader of readers) reader.close()
  })
})
