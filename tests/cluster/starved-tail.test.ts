import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { RedisServer } from '../support/redis-server.ts'
import { until } from '../support/until.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'
import { expectTold } from './expect-told.ts'
import { keepFigures } from './figures.ts'
import { Traffic } from './traffic.ts'

/** Two intervals of a second: until the next probe is written, and until it should have come. The rest is for a busy machine. */
const noticedMs = 2 * 1_000 + 13_000

describe.skipIf(requireProgram('redis-server') === undefined)(
  'a node whose connection is there, and nothing comes',
  () => {
    it.each([
      ['while others publish', true],
      ['while nobody publishes', false],
    ])('%s notices it, connects anew and catches up in order', async (_, isBusy) => {
      await using cluster = await Cluster.start()
      const readers = await cluster.readers('orders/1')
      const { server, road } = cluster.node(0)
      // Its own publishes would arrive nowhere, too: it is the others that go on.
      const port = cluster.ports.slice(1)
      await using traffic = new Traffic(cluster, { port })
      await traffic.flows(50)
      if (!isBusy) await traffic.stop()
      await until('the tail to have its connection', () => road.tails === 1)
      const started = performance.now()
      road.starveTails()
      await until('the node to say that it is starved', async () => saysStarved(server.output), {
        timeoutMs: noticedMs,
      })
      const noticed = performance.now() - started
      expect(noticed).toBeLessThan(noticedMs)
      await cluster.isReady()
      keepFigures({ noticedMs: noticed, readyMs: performance.now() - started })
      if (isBusy) {
        await traffic.flows(50)
        await traffic.stop()
      } else {
        using publisher = cluster.publisher('later', { port })
        for (let count = 0; count < 20; count++) await publisher.publish({ topic: 'orders/1' })
        await expectKept({ cluster, publishers: [...traffic.publishers, publisher], readers })
      }
      if (isBusy) await expectKept({ cluster, publishers: traffic.publishers, readers })
      expectTold(readers, { connections: 1 })
    })

    it('because it follows a replica that nobody feeds any more says so as long as that lasts, and catches up in order', async () => {
      await using cluster = await Cluster.start()
      await using detached = await RedisServer.start()
      await detached.replicaOf(cluster.redis)
      const readers = await cluster.readers('orders/1')
      const { server, road } = cluster.node(0)
      await using traffic = new Traffic(cluster)
      await traffic.flows(50)
      await detached.promote()
      road.divertTails(detached.port)
      await until('the node to say at /readyz that it is starved', async () => {
        const { status, text } = await cluster.readiness(0)
        return status === 503 && text.includes('"starved"')
      })
      const before = await server.metric('tidings_store_up')
      expect(before).toBe(0)
      // Streams stay open, and are told that they are alive.
      const beats = readers[0]!.comments
      await until('heartbeats', () => readers[0]!.comments > beats + 2)
      // What is published on this node is stored all the same.
      await traffic.flows(50)
      road.leadTo(cluster.redis.port)
      await cluster.isReady()
      expect(await server.metric('tidings_store_up')).toBe(1)
      await traffic.flows(50)
      await traffic.stop()
      await expectKept({ cluster, publishers: traffic.publishers, readers })
      expectTold(readers, { connections: 1 })
    })
  },
)

function saysStarved(output: string): boolean {
  return output.includes('does not arrive')
}
