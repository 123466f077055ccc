import { describe, expect, it } from 'vitest'
import { checkResources } from '../history/index.ts'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { until } from '../support/until.ts'
import { judge } from '../support/verdict.ts'

const mebibyte = 1024 * 1024

/** A second or two where nothing else runs. */
const boundMs = 40_000

/** Streams that a killed server loses at once; the long run has 8,000. */
const crowd = Number(process.env.TIDINGS_TEST_CROWD ?? 1_000)

describe('many streams', () => {
  it('come back to a server that was killed, spread over their retry time, and none is turned away', {
    timeout: 180_000,
  }, async () => {
    const retryMs = 1_000
    await using server = await ServerProcess.start({ settings: { retryMs, maxConnections: 20_000 } })
    const { port } = server
    using publisher = new Publisher({ port, name: 'publisher' })
    const readers = await openMany(crowd, { port, topics: ['orders'], reconnect: 'as-told', isTerse: true })
    await publisher.publish({ topic: 'orders' })
    await Promise.all(readers.map((reader) => reader.hasReceived(1)))
    await server.kill('SIGKILL')
    await server.start()
    await publisher.publish({ topic: 'orders' })
    const start = performance.now()
    const isBack = (reader: SseReader) => reader.received >= 2
    await until('99 % to be back and caught up', () => readers.filter(isBack).length >= crowd * 0.99, {
      timeoutMs: boundMs,
    })
    expect(performance.now() - start).toBeLessThan(boundMs)
    await until('all to be back', () => readers.every(isBack))
    const delays = readers.map((reader) => Math.round(reader.reconnectDelayMs / 100))
    // With one and the same delay for all they would come as one wave.
    expect(new Set(delays).size).toBeGreaterThan(3)
    for (const reader of readers) {
      expect(reader.disorders).toBe(0)
      expect(reader.head?.status).toBe(200)
      expect(reader.received).toBe(2)
      reader.close()
    }
    expect(await judge({ server, publishers: [publisher], readers: [] })).toEqual([])
  })

  it('of one hot topic all get a burst in order, and the server holds a bounded part of it', {
    timeout: 180_000,
  }, async () => {
    const streams = 2_000
    await using server = await ServerProcess.start({
      settings: { tailBytes: 4 * mebibyte, maxConnections: 20_000 },
    })
    const { port } = server
    using publisher = new Publisher({ port, name: 'publisher' })
    const readers = await openMany(streams, { port, topics: ['hot'], isTerse: true })
    const before = await server.sample()
    const during = [before]
    const burst = Array.from({ length: 100 }, () => ({ topic: 'hot', padding: 1_000 }))
    await publisher.publish(...burst)
    await until(
      'everybody to have everything',
      async () => {
        during.push(await server.sample())
        return readers.every(({ received }) => received === burst.length)
      },
      { timeoutMs: 90_000, everyMs: 100 },
    )
    for (const reader of readers) expect(reader.disorders).toBe(0)
    // 200 MB went out. Twice the tail and some room for the collector is what it may take.
    const bounds = {
      peak: { rssBytes: before.rssBytes + 80 * mebibyte, descriptors: before.descriptors + 20 },
      growth: { rssBytes: 80 * mebibyte, descriptors: 20 },
    }
    expect(checkResources(before, during, await server.sample(), bounds)).toEqual([])
    for (const reader of readers) reader.close()
    await until('the server to notice', async () => (await server.sample()).descriptors < streams / 2)
    expect(await judge({ server, publishers: [publisher], readers: [] })).toEqual([])
  })
})

/** Opens streams a hundred at a time: a wave of thousands is another test. */
async function openMany(
  count: number,
  options: ConstructorParameters<typeof SseReader>[0],
): Promise<SseReader[]> {
  const readers: SseReader[] = []
  while (readers.length < count) {
    const wave = Array.from({ length: Math.min(100, count - readers.length) }, () => SseReader.open(options))
    readers.push(...(await Promise.all(wave)))
  }
  return readers
}
