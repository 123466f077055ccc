import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { until } from '../support/until.ts'
import { readLog } from '../support/verdict.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'

describe.skipIf(requireProgram('redis-server') === undefined)(
  'the same Idempotency-Key on several nodes',
  () => {
    it('gives the same ids and stores one event: in turn, all at once, and after everything was restarted', async () => {
      await using cluster = await Cluster.start()
      const readers = await cluster.readers('orders/1')
      using publisher = cluster.publisher('publisher')
      const one = publisher.draft([{ topic: 'orders/1' }, { topic: 'orders/2' }])
      expect(await publisher.attempt(one)).toMatchObject({ isDuplicate: false })
      expect(await publisher.attempt(one)).toMatchObject({ isDuplicate: true })
      expect(await publisher.attempt(one)).toMatchObject({ isDuplicate: true })
      const other = publisher.draft([{ topic: 'orders/1' }])
      await Promise.all(Array.from({ length: 100 }, () => publisher.attempt(other)))
      await Promise.all(cluster.nodes.map(({ server }) => server.kill('SIGKILL')))
      await cluster.redis.kill('SIGKILL')
      await cluster.redis.start()
      await Promise.all(cluster.nodes.map(({ server }) => server.start()))
      for (let count = 0; count < cluster.nodes.length; count++) {
        expect(await publisher.attempt(one)).toMatchObject({ isDuplicate: true })
        expect(await publisher.attempt(other)).toMatchObject({ isDuplicate: true })
      }
      // Something to lose, to repeat and to swap, for the bugs that are planted.
      for (let count = 0; count < 10; count++) await publisher.publish({ topic: 'orders/1' })
      expect((await readLog(cluster.node(0).server.url)).events.size).toBe(13)
      // The checker compares all 109 answers with each other.
      await expectKept({ cluster, publishers: [publisher], readers })
      for (const reader of readers) reader.close()
    })

    it('with other events is refused on every node, and stores nothing', async () => {
      await using cluster = await Cluster.start()
      using publisher = cluster.publisher('publisher')
      const one = publisher.draft([{ topic: 'orders/1' }])
      await publisher.attempt(one)
      for (let count = 0; count < cluster.nodes.length; count++) {
        const other = publisher.draft([{ topic: 'orders/1' }])
        expect(await publisher.attempt({ ...other, key: one.key })).toEqual({ kind: 'refused', status: 422 })
      }
      expect((await readLog(cluster.node(0).server.url)).events.size).toBe(1)
    })
  },
)

it.skipIf(requireProgram('redis-server') === undefined)(
  'publishers that give up before a slow Redis has answered, and ask the next node, again and again, store each event once',
  async () => {
    await using cluster = await Cluster.start()
    const readers = await cluster.readers('orders/1')
    for (const { road } of cluster.nodes) road.slow(400)
    using publisher = cluster.publisher('impatient', { timeoutMs: 150 })
    const done = Promise.all(
      Array.from({ length: 40 }, (_, index) => publisher.publish({ topic: `orders/${index % 3}` })),
    )
    await until(
      'a storm of retries',
      () => publisher.publications.reduce((sum, { attempts }) => sum + attempts.length, 0) > 400,
      { timeoutMs: 90_000 },
    )
    for (const { road } of cluster.nodes) road.slow(0)
    for (const outcome of await done) expect(outcome.kind).toBe('acknowledged')
    expect((await readLog(cluster.node(0).server.url)).events.size).toBe(40)
    await expectKept({ cluster, publishers: [publisher], readers })
    for (const reader of readers) reader.close()
  },
)
