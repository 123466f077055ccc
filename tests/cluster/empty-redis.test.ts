import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { readLog } from '../support/verdict.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { expectKept } from './expect-kept.ts'
import { expectTold } from './expect-told.ts'
import { lostEvents } from './lost-events.ts'
import { Traffic } from './traffic.ts'

const forgetful: ClusterOptions = {
  redis: { config: { appendonly: 'no' } },
  settings: { durability: 'memory' },
}

/** How a Redis comes to be empty. */
const emptyings: readonly (readonly [string, ClusterOptions, (cluster: Cluster) => Promise<void>])[] = [
  [
    'because it keeps nothing and was started again',
    forgetful,
    async ({ redis }) => {
      await redis.kill('SIGKILL')
      await redis.start()
    },
  ],
  ['because somebody flushed it', {}, ({ redis }) => redis.flush()],
]

describe.skipIf(requireProgram('redis-server') === undefined)('a Redis that is empty', () => {
  it.each(emptyings)(
    '%s, begins a new epoch at one, and every stream is told by one gap',
    async (_, options, empty) => {
      await using cluster = await Cluster.start(options)
      const readers = await cluster.readers('orders/1')
      await using traffic = new Traffic(cluster)
      await traffic.flows(100)
      const { epoch } = await readLog(cluster.node(0).server.url)
      cluster.part()
      await traffic.isTurnedAway()
      await empty(cluster)
      const withdrawn = lostEvents(traffic.publishers, readers, 0, epoch)
      cluster.rejoin()
      await traffic.flows(100)
      await traffic.stop()
      const log = await readLog(cluster.node(0).server.url)
      expect(log.events.size).toBe(log.head)
      const facts = { epochs: [epoch, log.epoch], withdrawn }
      await expectKept({ cluster, publishers: traffic.publishers, readers }, facts)
      expectTold(readers, { gaps: [{ reason: 'epoch', missed: null }], connections: 1 })
    },
  )

  it('because it was flushed under the hands of the nodes, is noticed by all of them, also by those that publish nothing', async () => {
    await using cluster = await Cluster.start()
    const readers = await cluster.readers('orders/1')
    await using before = new Traffic(cluster, { name: 'before' })
    await before.flows(100)
    await before.stop()
    const { epoch, head } = await readLog(cluster.node(0).server.url)
    expect(head).toBeGreaterThan(50)
    await Promise.all(readers.map((reader) => reader.hasReceived(1)))
    await cluster.redis.flush()
    const withdrawn = lostEvents(before.publishers, readers, 0, epoch)
    using publisher = cluster.publisher('after', { port: cluster.node(0).server.port })
    // Fewer than before: whoever waited for the number after the last would wait in vain.
    for (let count = 0; count < 5; count++) await publisher.publish({ topic: 'orders/1' })
    await Promise.all(readers.map((reader) => reader.hasBlock('gap')))
    for (let count = 0; count < 5; count++) await publisher.publish({ topic: 'orders/1' })
    const log = await readLog(cluster.node(0).server.url)
    const facts = { epochs: [epoch, log.epoch], withdrawn }
    await expectKept({ cluster, publishers: [...before.publishers, publisher], readers }, facts)
    expectTold(readers, { gaps: [{ reason: 'epoch' }] })
  })
})
