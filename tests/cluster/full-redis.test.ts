import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { until } from '../support/until.ts'
import { readLog } from '../support/verdict.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'
import { expectTold } from './expect-told.ts'
import { Traffic } from './traffic.ts'

describe.skipIf(requireProgram('redis-server') === undefined)('a Redis without room', () => {
  it('stores nothing and says so, lets everybody read, and stores again when it has room', async () => {
    await using cluster = await Cluster.start()
    const readers = await cluster.readers('orders/1')
    await using traffic = new Traffic(cluster)
    await traffic.flows(60)
    await cluster.redis.config('maxmemory', '1mb')
    await traffic.isTurnedAway()
    const statuses = traffic.publishers.flatMap(({ publications }) =>
      publications.flatMap(({ attempts }) =>
        attempts.flatMap((attempt) => (attempt.kind === 'refused' ? attempt.status : [])),
      ),
    )
    expect(statuses).toContain(507)
    // A node whose Redis is slow to answer, on a machine that is busy, refuses for that reason.
    for (const status of statuses) expect([503, 507]).toContain(status)
    // Whoever reads goes on: streams, and pages of what there is.
    const beats = readers.map(({ comments }) => comments)
    await until('heartbeats', () => readers.every(({ comments }, index) => comments > beats[index]! + 2))
    expect((await readLog(cluster.node(1).server.url)).events.size).toBeGreaterThan(50)
    const late = await cluster.reader(['**'], { first: 2, lastEventId: readers[0]!.blocks[1]!.id! })
    await late.hasBlock('live')
    await cluster.redis.config('maxmemory', '0')
    await traffic.flows(60)
    await traffic.stop()
    await expectKept({ cluster, publishers: traffic.publishers, readers: [...readers, late] })
    expectTold([...readers, late], { connections: 1 })
  })
})

describe.skipIf(requireProgram('redis-server') === undefined)('a Redis that may lose events', () => {
  it.each([
    [
      'it evicts what it likes',
      { maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' },
      'maxmemory-policy',
    ],
    ['it writes every second only', { appendfsync: 'everysec' }, 'appendfsync'],
    ['it writes nothing', { appendonly: 'no' }, 'appendonly'],
  ])('is refused at start, with the remedy: %s', async (_, config, directive) => {
    await using cluster = await Cluster.prepare({ nodes: 1, redis: { config } })
    await cluster.redis.start()
    const { server } = cluster.node(0)
    server.launch()
    const { code } = await server.ended
    expect(code).toBeGreaterThan(0)
    expect(server.output).toContain(`${directive} is `)
    expect(server.output).toContain(`CONFIG SET ${directive}`)
    expect(server.output).not.toMatch(/^ +at .*\.ts/m)
  })

  it('is taken if the operator insists, and every answer says what it is worth', async () => {
    await using cluster = await Cluster.start({
      nodes: 1,
      redis: { config: { appendfsync: 'everysec' } },
      settings: { durability: 'os-buffer' },
    })
    const response = await fetch(`${cluster.node(0).server.url}/api/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ topic: 'orders/1' }),
    })
    expect(await response.json()).toMatchObject({ durability: 'os-buffer' })
    expect((await cluster.readiness(0)).text).toContain('appendfsync is everysec')
  })

  it('that is set so while nodes run is warned about, and its answers are worth less', async () => {
    await using cluster = await Cluster.start()
    await cluster.redis.config('maxmemory', '100mb')
    await cluster.redis.config('maxmemory-policy', 'allkeys-lru')
    await cluster.redis.config('appendfsync', 'everysec')
    for (const [index, { server }] of cluster.nodes.entries()) {
      await until('a warning at /readyz', async () => {
        const { text } = await cluster.readiness(index)
        return text.includes('maxmemory-policy is allkeys-lru') && text.includes('appendfsync is everysec')
      })
      expect(server.output).toContain('maxmemory-policy is allkeys-lru')
      const response = await fetch(`${server.url}/api/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ topic: 'orders/1' }),
      })
      expect(await response.json()).toMatchObject({ durability: 'os-buffer' })
    }
    await cluster.redis.config('maxmemory-policy', 'noeviction')
    await cluster.redis.config('appendfsync', 'always')
    await until('the warnings to go', async () => !(await cluster.readiness(0)).text.includes('warnings'))
  })
})
