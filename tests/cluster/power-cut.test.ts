import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { requireProgram, requireRoot } from '../support/programs.ts'
import { SmallDisk } from '../support/small-disk.ts'
import { until } from '../support/until.ts'
import { readLog } from '../support/verdict.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'
import { expectTold } from './expect-told.ts'
import { lostEvents } from './lost-events.ts'
import { Traffic } from './traffic.ts'

const isPossible = requireProgram('redis-server') !== undefined && requireRoot('mounting a small disk')

describe.skipIf(!isPossible)('a Redis whose machine loses power', () => {
  it('and that writes every second loses events: a new epoch, and one gap on every stream', async () => {
    const { cluster, readers, traffic, disk } = await start('everysec')
    await using _ = { [Symbol.asyncDispose]: () => end(cluster, traffic, disk) }
    const { epoch } = await readLog(cluster.node(0).server.url)
    const lost = await cutPower(cluster, traffic, disk, () => lostOf(cluster, traffic, readers, epoch), true)
    // Were nothing lost, this would not have been a power cut.
    expect(lost.size).toBeGreaterThan(0)
    await traffic.flows(100)
    await traffic.stop()
    const after = (await readLog(cluster.node(0).server.url)).epoch
    expect(after).not.toBe(epoch)
    const facts = { epochs: [epoch, after], withdrawn: lost }
    await expectKept({ cluster, publishers: traffic.publishers, readers }, facts)
    expectTold(readers, { gaps: [{ reason: 'epoch', missed: null }] })
  })

  it('and that writes at once loses nothing', async () => {
    const { cluster, readers, traffic, disk } = await start('always')
    await using _ = { [Symbol.asyncDispose]: () => end(cluster, traffic, disk) }
    const { epoch } = await readLog(cluster.node(0).server.url)
    const lost = await cutPower(cluster, traffic, disk, () => lostOf(cluster, traffic, readers, epoch))
    expect(lost.size).toBe(0)
    await traffic.flows(100)
    await traffic.stop()
    await expectKept({ cluster, publishers: traffic.publishers, readers })
    expectTold(readers)
  })
})

interface Bench {
  readonly cluster: Cluster
  readonly readers: Awaited<ReturnType<Cluster['readers']>>
  readonly traffic: Traffic
  readonly disk: SmallDisk
}

async function start(appendfsync: 'always' | 'everysec'): Promise<Bench> {
  const disk = await SmallDisk.inFile(64)
  const folder = join(disk.path, 'redis')
  await mkdir(folder)
  const durability = appendfsync === 'always' ? 'fsync' : 'os-buffer'
  const cluster = await Cluster.start({
    redis: { folder, config: { appendfsync } },
    settings: { durability },
  })
  const readers = await cluster.readers('orders/1')
  return { cluster, readers, traffic: new Traffic(cluster), disk }
}

async function end(cluster: Cluster, traffic: Traffic, disk: SmallDisk): Promise<void> {
  await traffic[Symbol.asyncDispose]()
  await cluster[Symbol.asyncDispose]()
  await disk[Symbol.asyncDispose]()
}

/** Cuts the power in the middle of the work, and starts Redis with what was on the disk. */
async function cutPower<Found>(
  cluster: Cluster,
  traffic: Traffic,
  disk: SmallDisk,
  look: () => Promise<Found>,
  isLossy = false,
): Promise<Found> {
  const { redis } = cluster
  await traffic.flows(200 + Math.random() * 100)
  await using found = await imageOf(disk, cluster, traffic, isLossy)
  await redis.kill('SIGKILL')
  cluster.part()
  await traffic.isTurnedAway()
  await redis.restoreFrom(join(found.path, 'redis'))
  await redis.start()
  const seen = await look()
  cluster.rejoin()
  return seen
}

/**
 * What is on the disk when Redis stands still in the midst of its work.
 * @param isLossy at an instant at which that is less than Redis has written: it may have flushed just before.
 */
async function imageOf(
  disk: SmallDisk,
  { redis }: Cluster,
  traffic: Traffic,
  isLossy: boolean,
): Promise<SmallDisk> {
  for (;;) {
    redis.signal('SIGSTOP')
    await until('every thread to stand still', () => areThreadsStopped(redis.pid))
    const found = await disk.afterPowerCut()
    const [kept, written] = await Promise.all([found, disk].map(({ path }) => bytesIn(join(path, 'redis'))))
    if (!isLossy || kept! < written!) return found
    await found[Symbol.asyncDispose]()
    redis.signal('SIGCONT')
    await traffic.flows(20)
  }
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const stats = await Promise.all(files.map(({ parentPath, name }) => stat(join(parentPath, name))))
  return stats.reduce((sum, { size }) => sum + size, 0)
}

async function lostOf(
  cluster: Cluster,
  { publishers }: Traffic,
  readers: Bench['readers'],
  epoch: string,
): Promise<Set<string>> {
  return lostEvents(publishers, readers, await cluster.newest(), epoch)
}

async function areThreadsStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`)
  const states = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')),
  )
  // The state follows the name, which stands in parentheses and may hold anything.
  return states.every((state) => state.slice(state.lastIndexOf(')') + 2).startsWith('T'))
}
