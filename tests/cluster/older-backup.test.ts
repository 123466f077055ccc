import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import type { SseReader } from '../support/sse-reader.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { readLog } from '../support/verdict.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'
import { expectTold } from './expect-told.ts'
import { lostEvents } from './lost-events.ts'
import { Traffic } from './traffic.ts'

const lostCount = 10

describe.skipIf(requireProgram('redis-server') === undefined)('an older backup of Redis', () => {
  it('that is restored under running nodes begins a new epoch, because they remember what is gone', async () => {
    await using cluster = await Cluster.start()
    await using backup = await tempFolder()
    const readers = await cluster.readers('orders/1')
    await using before = new Traffic(cluster, { name: 'before' })
    await before.flows(60)
    await before.stop()
    await saveBackup(cluster, backup)
    await cluster.isReady()
    const { epoch } = await readLog(cluster.node(0).server.url)
    await using lost = new Traffic(cluster, { name: 'lost' })
    await lost.flows(60)
    cluster.part()
    await lost.isTurnedAway()
    await restoreBackup(cluster, backup)
    const publishers = [...before.publishers, ...lost.publishers]
    const withdrawn = lostEvents(publishers, readers, await cluster.newest(), epoch)
    expect(withdrawn.size).toBeGreaterThan(50)
    cluster.rejoin()
    await lost.flows(100)
    await lost.stop()
    const facts = { epochs: [epoch, (await readLog(cluster.node(0).server.url)).epoch], withdrawn }
    await expectKept({ cluster, publishers, readers }, facts)
    expectTold(readers, { gaps: [{ reason: 'epoch', missed: null }], connections: 1 })
  })

  it.each([
    ['is shorter than where they were', lostCount - 5],
    ['has grown beyond where they were', lostCount + 5],
  ])(
    'that nobody remembers keeps its epoch, and those who come back when the log %s are told by their tags',
    async (_, grown) => {
      await using cluster = await Cluster.start()
      await using backup = await tempFolder()
      using publisher = cluster.publisher('before')
      for (let count = 0; count < 10; count++) await publisher.publish({ topic: 'orders/1' })
      await saveBackup(cluster, backup)
      await cluster.isReady()
      const { epoch, events } = await readLog(cluster.node(0).server.url)
      const readers = await openNever(cluster, [...events.keys()][0]!)
      using lost = cluster.publisher('lost')
      for (let count = 0; count < lostCount; count++) await lost.publish({ topic: 'orders/1' })
      await Promise.all(readers.map((reader) => reader.hasReceived(9 + lostCount)))
      await Promise.all(cluster.nodes.map(({ server }) => server.kill('SIGKILL')))
      await restoreBackup(cluster, backup)
      const withdrawn = lostEvents([publisher, lost], readers, await cluster.newest(), epoch)
      expect(withdrawn.size).toBe(lostCount)
      await Promise.all(cluster.nodes.map(({ server }) => server.start()))
      using after = cluster.publisher('after')
      for (let count = 0; count < grown; count++) await after.publish({ topic: 'orders/1' })
      // Nothing is left that could know of the roll-back but the ids themselves.
      expect((await readLog(cluster.node(0).server.url)).epoch).toBe(epoch)
      // One node judges by what Redis holds, the others by what they have in memory.
      await cluster.node(1).server.kill('SIGTERM')
      await cluster.node(1).server.start()
      for (const reader of readers) reader.connect()
      await Promise.all(readers.map((reader) => reader.hasBlock('gap')))
      await after.publish({ topic: 'orders/1' })
      const publishers = [publisher, lost, after]
      await expectKept({ cluster, publishers, readers }, { withdrawn })
      expectTold(readers, { gaps: [{ reason: 'diverged', missed: null }] })
    },
  )
})

/** Readers that come back when the test says so. */
function openNever(cluster: Cluster, lastEventId: string): Promise<SseReader[]> {
  return Promise.all(
    cluster.nodes.flatMap((_, first) =>
      ['**', 'orders/1'].map((topic) => cluster.reader([topic], { first, lastEventId, reconnect: 'never' })),
    ),
  )
}

/** Stops Redis for a copy of its files, and starts it again. */
async function saveBackup({ redis }: Cluster, { path }: TempFolder): Promise<void> {
  await redis.stop()
  await redis.copyTo(path)
  await redis.start()
}

/** Puts the copy in the place of what there is now, and starts Redis. */
async function restoreBackup({ redis }: Cluster, { path }: TempFolder): Promise<void> {
  await redis.stop()
  await redis.restoreFrom(path)
  await redis.start()
}
