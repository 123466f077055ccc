import { describe, expect, it } from 'vitest'
import { checkResources } from '../history/index.ts'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { until } from '../support/until.ts'
import { judge } from '../support/verdict.ts'

const mebibyte = 1024 * 1024

/** Streams that join while events are published; the long run has 500. */
const joins = Number(process.env.TIDINGS_TEST_JOINS ?? 120)

describe('streams that come while events are published as fast as the server takes them', () => {
  it('get everything after their cursor in order, once, wherever it is', { timeout: 240_000 }, async () => {
    // A small tail, so that some cursors are in memory, some only in the file, and some on the border.
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 200, tailBytes: 256 * 1024 } })
    const { port } = server
    const publishers = [0, 1].map((index) => new Publisher({ port, name: `publisher-${index}` }))
    const readers: SseReader[] = []
    const storm = publishers.map(async (publisher) => {
      for (let sent = 0; readers.length < joins; sent++) {
        await publisher.publish(
          ...Array.from({ length: 20 }, (_, at) => ({ topic: `orders/${(sent + at) % 3}` })),
        )
      }
    })
    await until('events to come back to', () => publishers[0]!.acknowledged > 200)
    while (readers.length < joins) {
      const ids = acknowledgedIds(publishers[readers.length % 2]!)
      const id = readers.length % 5 === 0 ? undefined : ids[Math.floor(Math.random() * ids.length)]
      const topics = readers.length % 3 === 0 ? ['**'] : [`orders/${readers.length % 3}`]
      const resume = id === undefined ? {} : { lastEventId: id }
      readers.push(
        await SseReader.open({
          port,
          topics,
          name: `joined-${readers.length}`,
          ...resume,
          reconnect: 'at-once',
        }),
      )
      if (readers.length % 7 === 0) readers[Math.floor(Math.random() * readers.length)]!.drop()
    }
    await Promise.all(storm)
    expect(await judge({ server, publishers, readers })).toEqual([])
    expect(readers.flatMap((reader) => reader.said('gap'))).toEqual([])
    for (const party of [...publishers, ...readers]) party[Symbol.dispose]()
  })
})

describe('streams that go in the midst of their replay', () => {
  it('leave nothing behind', { timeout: 180_000 }, async () => {
    await using server = await ServerProcess.start({ settings: { tailBytes: 0, replayPageEvents: 50 } })
    const { port } = server
    using publisher = new Publisher({ port, name: 'publisher' })
    for (let batch = 0; batch < 10; batch++) {
      await publisher.publish(...Array.from({ length: 500 }, () => ({ topic: 'orders', padding: 200 })))
    }
    const first = acknowledgedIds(publisher)[0]!
    const leave = async (events: number) => {
      using reader = new SseReader({ port, topics: ['orders'], lastEventId: first, isTerse: true })
      reader.connect()
      await reader.hasReceived(events)
      reader.drop()
    }
    // The first ones warm the server up: what they leave in caches is no leak.
    for (let round = 0; round < 6; round++)
      await Promise.all(Array.from({ length: 50 }, () => leave(1 + 300 * round)))
    await until('all to be gone', async () => (await openStreams(server)) === 0)
    const before = await server.sample()
    const during = [before]
    for (let round = 0; round < 6; round++) {
      await Promise.all(Array.from({ length: 50 }, () => leave(Math.ceil(Math.random() * 2_000))))
      during.push(await server.sample())
    }
    await until('all to be gone', async () => (await openStreams(server)) === 0)
    await until(
      'descriptors to be back',
      async () => (await server.sample()).descriptors <= before.descriptors + 2,
    )
    const bounds = {
      peak: { rssBytes: before.rssBytes + 80 * mebibyte, descriptors: before.descriptors + 120 },
      growth: { rssBytes: 60 * mebibyte, descriptors: 2 },
    }
    expect(checkResources(before, during, await server.sample(), bounds)).toEqual([])
    expect(await judge({ server, publishers: [publisher], readers: [] })).toEqual([])
  })
})

function acknowledgedIds({ publications }: Publisher): string[] {
  return publications.flatMap(({ attempts }) => {
    return attempts.flatMap((attempt) => (attempt.kind === 'acknowledged' ? attempt.ids : []))
  })
}

async function openStreams(server: ServerProcess): Promise<number> {
  const stats = (await (await fetch(`${server.url}/api/stats`)).json()) as { totalConnections: number }
  return stats.totalConnections
}
