import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { RedisServer } from '../support/redis-server.ts'
import { readLog } from '../support/verdict.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'
import { expectTold } from './expect-told.ts'
import { lostEvents } from './lost-events.ts'
import { Traffic } from './traffic.ts'

describe.skipIf(requireProgram('redis-server') === undefined)('a failover to a replica', () => {
  it.each([
    ['that has everything', false],
    ['that is behind', true],
  ])('%s begins a new epoch, and every stream is told by one gap', async (_, isBehind) => {
    await using cluster = await Cluster.start()
    await using replica = await RedisServer.start()
    await replica.replicaOf(cluster.redis)
    const readers = await cluster.readers('orders/1')
    await using traffic = new Traffic(cluster)
    await traffic.flows(60)
    // Nobody knows what a replica has not got: not even when it has everything.
    if (isBehind) await replica.promote()
    await traffic.flows(60)
    const { epoch } = await readLog(cluster.node(0).server.url)
    cluster.part()
    await traffic.isTurnedAway()
    if (!isBehind) {
      await replica.replicaOf(cluster.redis)
      await replica.promote()
    }
    await cluster.redis.kill('SIGKILL')
    const withdrawn = lostEvents(traffic.publishers, readers, await cluster.newest(replica), epoch)
    if (isBehind) expect(withdrawn.size).toBeGreaterThan(30)
    else expect(withdrawn.size).toBe(0)
    for (const { road } of cluster.nodes) road.leadTo(replica.port)
    cluster.rejoin()
    await traffic.flows(100)
    await traffic.stop()
    const facts = { epochs: [epoch, (await readLog(cluster.node(0).server.url)).epoch], withdrawn }
    await expectKept({ cluster, publishers: traffic.publishers, readers }, facts)
    expectTold(readers, { gaps: [{ reason: 'epoch', missed: null }], connections: 1 })
  })

  it('that one node does not notice ends when it comes over: what it took meanwhile is lost, and its streams are told', async () => {
    await using cluster = await Cluster.start()
    await using replica = await RedisServer.start()
    await replica.replicaOf(cluster.redis)
    const readers = await cluster.readers('orders/1')
    await using before = new Traffic(cluster, { name: 'before' })
    await before.flows(60)
    await before.stop()
    const { epoch, head } = await readLog(cluster.node(0).server.url)
    await replica.replicaOf(cluster.redis)
    // The first node stays with the old master, the others go to the new one: two histories at the same time.
    await replica.promote()
    for (const { road } of cluster.nodes.slice(1)) road.leadTo(replica.port)
    const [port, ...others] = cluster.ports
    await using alone = new Traffic(cluster, { name: 'alone', port: port! })
    await using elsewhere = new Traffic(cluster, { name: 'elsewhere', port: others })
    await Promise.all([alone.flows(60), elsewhere.flows(60)])
    cluster.node(0).road.refuse()
    await alone.isTurnedAway()
    const withdrawn = lostEvents(alone.publishers, readers, head, epoch)
    expect(withdrawn.size).toBeGreaterThan(50)
    cluster.node(0).road.leadTo(replica.port)
    cluster.node(0).road.open()
    await Promise.all([alone.flows(60), elsewhere.flows(60)])
    await Promise.all([alone.stop(), elsewhere.stop()])
    const publishers = [before, alone, elsewhere].flatMap((traffic) => traffic.publishers)
    const facts = { epochs: [epoch, (await readLog(cluster.node(0).server.url)).epoch], withdrawn }
    await expectKept({ cluster, publishers, readers }, facts)
    expectTold(readers, { gaps: [{ reason: 'epoch' }] })
  })
})
