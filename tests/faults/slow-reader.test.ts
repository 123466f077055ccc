import { describe, expect, it } from 'vitest'
import { checkResources } from '../history/index.ts'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { judge } from '../support/verdict.ts'

const mebibyte = 1024 * 1024

describe('readers who do not read', () => {
  it('cost the server no memory and the others no time, and get everything when they go on', {
    timeout: 600_000,
  }, async () => {
    // However long all that takes, nobody is cut.
    const settings = { heartbeatMs: 200, tailBytes: mebibyte, stallMs: 600_000 }
    await using server = await ServerProcess.start({ settings })
    const { port } = server
    using publisher = new Publisher({ port, name: 'publisher' })
    // Small enough to be delivered in one piece, as to readers who keep up.
    const batch = Array.from({ length: 12 }, () => ({ topic: 'orders', padding: 16_000 }))
    using fast = await SseReader.open({ port, topics: ['orders'], name: 'fast' })
    const slow = await Promise.all(
      [0, 1].map((index) => SseReader.open({ port, topics: ['orders'], name: `slow-${index}` })),
    )
    for (let index = 0; index < 250; index++) await publisher.publish(...batch)
    for (const reader of slow) reader.pause()
    await fast.hasReceived(3_000)
    const before = await server.sample()
    const during = [before]
    // 120 megabytes, which a server that keeps them for whoever is slow would have to hold. The bound leaves room
    // for what JSON of that size costs the collector with fast readers alone, 50 megabytes.
    for (let index = 0; index < 625; index++) {
      await publisher.publish(...batch)
      if (index % 25 === 0) during.push(await server.sample())
    }
    await fast.hasReceived(10_500)
    for (const reader of slow) expect(reader.received).toBeLessThan(6_000)
    const bounds = {
      peak: { rssBytes: before.rssBytes + 95 * mebibyte, descriptors: before.descriptors + 10 },
      growth: { rssBytes: 95 * mebibyte, descriptors: 2 },
    }
    expect(checkResources(before, during, await server.sample(), bounds)).toEqual([])
    for (const reader of slow) reader.resume()
    expect(await judge({ server, publishers: [publisher], readers: [fast, ...slow] })).toEqual([])
    for (const reader of slow) {
      expect(reader.connections).toBe(1)
      reader.close()
    }
  })

  it('at all are cut, and resume without a gap', async () => {
    const settings = { heartbeatMs: 100, stallMs: 2_000, tailBytes: mebibyte }
    await using server = await ServerProcess.start({ settings })
    await using proxy = await TcpProxy.start(server.port)
    using publisher = new Publisher({ port: server.port, name: 'publisher' })
    using reader = await SseReader.open({ port: proxy.port, topics: ['orders'], reconnect: 'at-once' })
    proxy.set({ down: { isPaused: true } })
    const batch = Array.from({ length: 50 }, () => ({ topic: 'orders', padding: 16_000 }))
    for (let index = 0; index < 20; index++) await publisher.publish(...batch)
    await until('the server to cut it', async () => (await openStreams(server)) === 0)
    proxy.set({})
    expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
    expect(reader.connections).toBe(2)
    expect(reader.said('gap')).toEqual([])
  })

  it('but slowly are not cut, as long as they read at all', async () => {
    const settings = { heartbeatMs: 100, stallMs: 3_000, tailBytes: mebibyte }
    await using server = await ServerProcess.start({ settings })
    await using proxy = await TcpProxy.start(server.port, { down: { bytesPerSecond: 3 * mebibyte } })
    using publisher = new Publisher({ port: server.port, name: 'publisher' })
    using reader = await SseReader.open({ port: proxy.port, topics: ['orders'], reconnect: 'at-once' })
    const batch = Array.from({ length: 50 }, () => ({ topic: 'orders', padding: 16_000 }))
    for (let index = 0; index < 20; index++) await publisher.publish(...batch)
    expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
    expect(reader.connections).toBe(1)
  })
})

async function openStreams(server: ServerProcess): Promise<number> {
  const stats = (await (await fetch(`${server.url}/api/stats`)).json()) as { totalConnections: number }
  return stats.totalConnections
}
