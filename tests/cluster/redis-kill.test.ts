import { describe, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { until } from '../support/until.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'
import { expectTold } from './expect-told.ts'
import { Traffic } from './traffic.ts'

/** How often Redis is killed. */
const rounds = Number(process.env.TIDINGS_TEST_ROUNDS ?? 5)

describe.skipIf(requireProgram('redis-server') === undefined)('a Redis that is killed', () => {
  it('and that keeps what it acknowledged costs nothing but time: no gap, no loss, no duplicate', {
    timeout: 180_000 + rounds * 10_000,
  }, async () => {
    await using cluster = await Cluster.start()
    const readers = await cluster.readers('orders/1')
    await using traffic = new Traffic(cluster)
    for (let round = 0; round < rounds; round++) {
      await traffic.flows(20 + Math.random() * 100)
      await cluster.redis.kill('SIGKILL')
      await traffic.isTurnedAway()
      await cluster.redis.start()
    }
    await traffic.flows(100)
    await traffic.stop()
    await expectKept({ cluster, publishers: traffic.publishers, readers })
    // The streams stayed open all the time.
    expectTold(readers, { connections: 1 })
  })

  it('and takes long to read its file is waited for, also by a node that starts meanwhile', async () => {
    await using cluster = await Cluster.start()
    const readers = await cluster.readers('orders/1')
    using publisher = cluster.publisher('publisher')
    const batch = Array.from({ length: 10 }, () => ({ topic: 'orders/1', padding: 1_000 }))
    for (let count = 0; count < 100; count++) await publisher.publish(...batch)
    const { redis } = cluster
    await redis.command('BGREWRITEAOF')
    await until('the file to be one that is read key by key', async () => {
      return (await redis.info('aof_rewrite_in_progress')) === '0'
    })
    await redis.config('key-load-delay', '20000')
    await redis.config('loading-process-events-interval-bytes', '1024')
    await cluster.node(2).server.kill('SIGKILL')
    await redis.kill('SIGKILL')
    const started = redis.start()
    await until('Redis to say that it is loading', async () => (await redis.info('loading')) === '1')
    cluster.node(2).server.launch()
    await started
    await cluster.isReady()
    await publisher.publish(...batch)
    await expectKept({ cluster, publishers: [publisher], readers })
    expectTold(readers)
  })
})
