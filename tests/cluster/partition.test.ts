import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { until } from '../support/until.ts'
import { readLog } from '../support/verdict.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'
import { expectTold } from './expect-told.ts'
import { keepFigures } from './figures.ts'
import type { RedisRoad } from './redis-road.ts'
import { Traffic } from './traffic.ts'

/** How a node loses Redis. */
const partitions: readonly (readonly [string, (road: RedisRoad) => void])[] = [
  ['because its connections are reset', (road) => road.refuse()],
  ['because nothing passes, and nothing is said', (road) => road.lose()],
  ['because everything is late', (road) => road.hold()],
]

describe.skipIf(requireProgram('redis-server') === undefined)('a node that cannot reach Redis', () => {
  it.each(partitions)(
    '%s is not ready, keeps its streams, takes nothing, and catches up in order',
    async (_, part) => {
      await using cluster = await Cluster.start()
      const readers = await cluster.readers('orders/1')
      const [{ server, road }, ...others] = cluster.nodes as [Cluster['nodes'][0], ...Cluster['nodes']]
      const port = others.map((node) => node.server.port)
      await using traffic = new Traffic(cluster, { port })
      await traffic.flows(50)
      part(road)
      const parted = performance.now()
      await until(
        'the node to say that it is not ready',
        async () => (await cluster.readiness(0)).status === 503,
      )
      const noticedMs = performance.now() - parted
      expect((await cluster.readiness(0)).text).toMatch(/"reason":".*Redis/)
      for (const node of others) await until('another to be ready', () => node.server.isReady())
      // What it has sent and what was not answered is `storage_unanswered`, until it knows.
      const refusal = await until('the node to know', async () => {
        const answer = await publishTo(server.url)
        return answer.code === 'storage_unavailable' && answer
      })
      expect(refusal.status).toBe(503)
      expect(refusal.retryAfter).toBeGreaterThan(0)
      // Definitely refused, so nobody may ever see them: the checker looks for that.
      using refused = cluster.publisher('refused', { port: server.port, isPersistent: false })
      for (let count = 0; count < 5; count++) {
        expect(await refused.publish({ topic: 'orders/1' })).toEqual({ kind: 'refused', status: 503 })
      }
      const beats = readers[0]!.comments
      await until('heartbeats', () => readers[0]!.comments > beats + 3)
      await traffic.flows(50)
      road.open()
      const rejoined = performance.now()
      await cluster.isReady()
      keepFigures({ noticedMs, readyMs: performance.now() - rejoined })
      await traffic.flows(50)
      await traffic.stop()
      const publishers = [...traffic.publishers, refused]
      await expectKept({ cluster, publishers, readers })
      expectTold(readers, { connections: 1 })
    },
  )

  it('when a publish was on its way says that nobody knows, and the next node answers what became of it', async () => {
    await using cluster = await Cluster.start()
    const readers = await cluster.readers('orders/1')
    using publisher = cluster.publisher('publisher', { timeoutMs: 15_000 })
    for (let count = 0; count < 10; count++) await publisher.publish({ topic: 'orders/1' })
    const { road, server } = cluster.node(0)
    // The answer gets lost, the publish does not.
    road.slow(60_000)
    using cut = cluster.publisher('cut', {
      port: [server.port, cluster.node(1).server.port],
      timeoutMs: 15_000,
    })
    const publication = cut.draft([{ topic: 'orders/1' }])
    const first = cut.attempt(publication)
    await until('it to be stored', async () => (await readLog(cluster.node(1).server.url)).events.size === 11)
    road.refuse()
    expect(await first).toEqual({ kind: 'unknown' })
    expect(await cut.attempt(publication)).toMatchObject({ kind: 'acknowledged', isDuplicate: true })
    road.slow(0)
    road.open()
    await expectKept({ cluster, publishers: [publisher, cut], readers })
    for (const reader of readers) reader.close()
  })

  it('ends all the same when it is told to', async () => {
    await using cluster = await Cluster.start({ nodes: 1, settings: { drainMs: 500 } })
    using reader = await cluster.reader(['**'], { reconnect: 'never' })
    const { server, road } = cluster.node(0)
    road.lose()
    const start = performance.now()
    expect(await server.kill('SIGTERM')).toMatchObject({ code: 0 })
    expect(performance.now() - start).toBeLessThan(20_000)
    await reader.hasBlock('goodbye')
    expect(reader.goodbye).toContain('"drain"')
  })
})

async function publishTo(url: string): Promise<{ status: number; retryAfter: number; code?: string }> {
  const response = await fetch(`${url}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ topic: 'elsewhere' }),
  })
  const { code } = (await response.json()) as { code?: string }
  const retryAfter = Number(response.headers.get('retry-after'))
  return { status: response.status, retryAfter, ...(code !== undefined && { code }) }
}
