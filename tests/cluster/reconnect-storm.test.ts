import { describe, expect, it } from 'vitest'
import { checkResources } from '../history/index.ts'
import { requireProgram } from '../support/programs.ts'
import type { SseReader } from '../support/sse-reader.ts'
import { until } from '../support/until.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'
import { expectTold } from './expect-told.ts'
import { keepFigures } from './figures.ts'

/** How many streams; the benchmark has 10,000. */
const crowd = Number(process.env.TIDINGS_TEST_CROWD ?? 1_000)

const retryMs = 1_000
/** Ten seconds for whoever asks; the rest is for a machine that has other work. */
const boundMs = 40_000
const mebibyte = 1024 * 1024

describe.skipIf(requireProgram('redis-server') === undefined)('the streams of a node that is killed', () => {
  it('all come to the other one, spread over their retry time, and lose nothing', {
    timeout: 240_000,
  }, async () => {
    await using cluster = await Cluster.start({
      nodes: 2,
      settings: { retryMs, maxConnections: 20_000, heartbeatMs: 1_000 },
    })
    const [dying, staying] = cluster.nodes as [Cluster['nodes'][0], Cluster['nodes'][0]]
    using publisher = cluster.publisher('publisher', { port: [staying.server.port, dying.server.port] })
    const before = await staying.server.sample()
    const witnesses = await cluster.readers('orders', { reconnect: 'as-told' })
    const readers = await openMany(cluster)
    await publisher.publish({ topic: 'orders' })
    await Promise.all(readers.map((reader) => reader.hasReceived(1)))
    await dying.server.kill('SIGKILL')
    for (let count = 0; count < 10; count++) await publisher.publish({ topic: 'orders' })
    const start = performance.now()
    await until('99 % to be back and caught up', () => readers.filter(isBack).length >= crowd * 0.99, {
      timeoutMs: boundMs,
    })
    const backMs = performance.now() - start
    expect(backMs).toBeLessThan(boundMs)
    keepFigures({ crowd, backMs })
    await until('all to be back', () => readers.every(isBack))
    const during = await staying.server.sample()
    for (const reader of readers) {
      expect(reader.port).toBe(staying.server.port)
      expect(reader.received).toBe(11)
      expect(reader.disorders).toBe(0)
      expect(reader.said('gap')).toEqual([])
    }
    // With one and the same delay for all they would come as one wave.
    const delays = readers.map((reader) => Math.round(reader.reconnectDelayMs / 100))
    expect(new Set(delays).size).toBeGreaterThan(3)
    for (const reader of readers) reader.close()
    await until('the node to notice that they are gone', async () => {
      return (await staying.server.sample()).descriptors < before.descriptors + 30
    })
    const bounds = {
      peak: { rssBytes: before.rssBytes + 120 * mebibyte, descriptors: before.descriptors + crowd + 50 },
      growth: { rssBytes: 120 * mebibyte, descriptors: 30 },
    }
    expect(checkResources(before, [during], await staying.server.sample(), bounds)).toEqual([])
    await dying.server.start()
    await expectKept({ cluster, publishers: [publisher], readers: witnesses })
    expectTold(witnesses)
  })
})

function isBack({ received }: SseReader): boolean {
  return received >= 11
}

/** Opens the crowd on the first node, a hundred at a time: a wave of thousands is another test. */
async function openMany(cluster: Cluster): Promise<SseReader[]> {
  const readers: SseReader[] = []
  while (readers.length < crowd) {
    const wave = Array.from({ length: Math.min(100, crowd - readers.length) }, () =>
      cluster.reader(['orders'], { reconnect: 'as-told', isTerse: true }),
    )
    readers.push(...(await Promise.all(wave)))
  }
  return readers
}
