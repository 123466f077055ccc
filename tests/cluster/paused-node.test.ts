import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { until } from '../support/until.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'
import { expectTold } from './expect-told.ts'
import { Traffic } from './traffic.ts'

describe.skipIf(requireProgram('redis-server') === undefined)('a node that stands still', () => {
  it('is left by its streams, which lose nothing and get nothing twice, also when it goes on', async () => {
    await using cluster = await Cluster.start()
    const readers = await cluster.readers('orders/1', { watchdogMs: 3_000 })
    const { server } = cluster.node(0)
    await using traffic = new Traffic(cluster, { timeoutMs: 500 })
    await traffic.flows(50)
    const there = readers.filter(({ port }) => port === server.port)
    expect(there.length).toBeGreaterThan(0)
    server.signal('SIGSTOP')
    await until('its streams to be elsewhere', () => {
      return there.every((reader) => reader.port !== server.port && reader.isOpen)
    })
    await traffic.flows(100)
    server.signal('SIGCONT')
    await cluster.isReady()
    await traffic.flows(100)
    await traffic.stop()
    await expectKept({ cluster, publishers: traffic.publishers, readers })
    expectTold(readers)
  })

  it('for a moment keeps its streams, and gives them in order what they missed', async () => {
    await using cluster = await Cluster.start()
    const readers = await cluster.readers('orders/1')
    const { server } = cluster.node(0)
    await using traffic = new Traffic(cluster, { port: cluster.ports.slice(1) })
    await traffic.flows(50)
    server.signal('SIGSTOP')
    await traffic.flows(500)
    server.signal('SIGCONT')
    await traffic.stop()
    await expectKept({ cluster, publishers: traffic.publishers, readers })
    expectTold(readers, { connections: 1 })
  })
})
