import { describe, expect, it } from 'vitest'
import { tidings } from '../cli/cli-process.ts'
import { requireProgram } from '../support/programs.ts'
import type { SseReader } from '../support/sse-reader.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { readLog } from '../support/verdict.ts'
import { Cluster } from './cluster.ts'
import { expectKept } from './expect-kept.ts'

/** Events to catch up with, more of them than the system's buffers hold. */
const caughtUp = 150

/** A revocation on one node is known on all within this, in milliseconds, where nothing else runs. */
const boundMs = 1_000

/** And where something does. */
const busyBoundMs = 10_000

describe.skipIf(requireProgram('redis-server') === undefined)(
  'a permission that is taken back on one node',
  () => {
    it('ends live streams and those that catch up, on all nodes; granted again, nothing is missing', async () => {
      await using cluster = await Cluster.start({ settings: { dev: 'off' } })
      const operator = bearer(await makeKey(cluster))
      await isKnown(cluster, operator)
      using publisher = cluster.publisher('operator', { headers: operator })
      const send = async (count: number, padding = 0) => {
        for (let index = 0; index < count; index++) await publisher.publish({ topic: 'user/alice', padding })
      }
      await send(caughtUp, 100_000)
      const [first] = (await readLog(cluster.node(0).server.url, operator)).events.keys()
      const alice = bearer(await mint(cluster, operator, 'alice'))
      const bob = bearer(await mint(cluster, operator, 'bob'))
      const live = await openOnAll(cluster, 'user/alice', alice)
      const others = await openOnAll(cluster, 'broadcast', bob)
      await send(5)
      await Promise.all(live.map((reader) => reader.hasReceived(5)))
      // Slow enough for the node to be in the midst of catching up when the permission goes.
      await using stack = new AsyncDisposableStack()
      const networks = await Promise.all(
        cluster.ports.map((port) => TcpProxy.start(port, { down: { bytesPerSecond: 500_000 } })),
      )
      for (const network of networks) stack.use(network)
      const behind = await Promise.all(
        networks.map(({ port }) =>
          cluster.reader(['user/alice'], { port, headers: alice, lastEventId: first! }),
        ),
      )
      await revoke(cluster, operator, 'alice')
      const revoked = performance.now()
      await until('all live streams to end', () => live.every(({ isOpen }) => !isOpen), {
        timeoutMs: busyBoundMs,
      })
      for (const reader of live) {
        expect(reader.goodbye).toContain('"revoked"')
        expect(reader.ends[0]! - revoked).toBeLessThan(busyBoundMs)
      }
      const seen = live.map(({ received }) => received)
      await send(20)
      // Every node knows by now: whatever comes from here on was on its way.
      for (const network of networks) network.set({})
      await until('those that caught up to end', () => behind.every(({ isOpen }) => !isOpen))
      const unseen = publisher.publications.at(-20)!.events[0]!.data
      for (const reader of [...live, ...behind]) expect(reader.data).not.toContain(unseen)
      // What was on its way in the system's buffers arrived; the rest was never written.
      for (const reader of behind) expect(reader.received).toBeLessThan(caughtUp)
      expect(live.map(({ received }) => received)).toEqual(seen)
      for (const { server } of cluster.nodes) {
        const refused = await fetch(`${server.url}/events?topic=user/alice`, { headers: alice })
        expect(refused.status).toBe(401)
      }
      expect(others.every(({ isOpen }) => isOpen)).toBe(true)
      const again = bearer(await mint(cluster, operator, 'alice'))
      const returned = await comeBack(cluster, live, again)
      await Promise.all(returned.map((reader) => reader.hasReceived(20)))
      const readers = [...returned, ...others]
      await expectKept({ cluster, publishers: [publisher], readers, headers: operator })
      for (const reader of returned) expect(reader.said('gap')).toEqual([])
      for (const reader of [...live, ...behind, ...readers]) reader.close()
    })

    it('while another cannot reach Redis is known there before anything else is, when it can again', async () => {
      await using cluster = await Cluster.start({ settings: { dev: 'off' } })
      const operator = bearer(await makeKey(cluster))
      await isKnown(cluster, operator)
      using publisher = cluster.publisher('operator', { headers: operator, port: cluster.ports[0]! })
      const alice = bearer(await mint(cluster, operator, 'alice'))
      const readers = await openOnAll(cluster, 'user/alice', alice)
      for (let count = 0; count < 5; count++) await publisher.publish({ topic: 'user/alice' })
      await Promise.all(readers.map((reader) => reader.hasReceived(5)))
      const { road } = cluster.node(1)
      road.refuse()
      await until('the node to be apart', async () => (await cluster.readiness(1)).status === 503)
      await revoke(cluster, operator, 'alice')
      const revoked = performance.now()
      for (let count = 0; count < 20; count++) await publisher.publish({ topic: 'user/alice' })
      await until('the bound to be over', () => performance.now() - revoked > boundMs)
      road.open()
      await until('its stream to end', () => readers.every(({ isOpen }) => !isOpen))
      for (const reader of readers) {
        expect(reader.goodbye, reader.options.name!).toContain('"revoked"')
        expect(reader.received, reader.options.name!).toBe(5)
        reader.close()
      }
    })
  },
)

/** Makes a key for the operator where the nodes keep theirs. */
async function makeKey({ redis }: Cluster): Promise<string> {
  const grants = ['publish', 'subscribe', 'admin'].flatMap((right) => [`--${right}`, '**'])
  const { stdout } = await tidings(['keys', 'create', '--name', 'operator', ...grants, '--store', redis.url])
  return stdout.trim()
}

async function isKnown({ nodes }: Cluster, operator: Record<string, string>): Promise<void> {
  await until('all nodes to know the key', async () => {
    const asked = nodes.map(({ server }) => fetch(`${server.url}/api/stats`, { headers: operator }))
    return (await Promise.all(asked)).every(({ status }) => status === 200)
  })
}

async function mint(cluster: Cluster, operator: Record<string, string>, user: string): Promise<string> {
  const { token } = (await post(cluster, operator, '/api/tokens', { user })) as { token: string }
  return token
}

async function revoke(cluster: Cluster, operator: Record<string, string>, user: string): Promise<void> {
  await post(cluster, operator, '/api/admin/revoke', { user })
}

/** Asks the first node. */
async function post(cluster: Cluster, operator: Record<string, string>, path: string, body: object) {
  const response = await fetch(cluster.node(0).server.url + path, {
    method: 'POST',
    headers: { ...operator, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as unknown
}

function bearer(shown: string): Record<string, string> {
  return { authorization: `Bearer ${shown}` }
}

function openOnAll(
  cluster: Cluster,
  topic: string,
  headers: Record<string, string>,
  lastEventId?: string,
): Promise<SseReader[]> {
  const place = lastEventId === undefined ? {} : { lastEventId }
  return Promise.all(
    cluster.nodes.map((_, first) =>
      cluster.reader([topic], { first, headers, reconnect: 'never', ...place }),
    ),
  )
}

/** Each goes on where it was, on the next node. */
function comeBack(
  cluster: Cluster,
  readers: readonly SseReader[],
  headers: Record<string, string>,
): Promise<SseReader[]> {
  return Promise.all(
    readers.map(({ options, lastEventId }, index) =>
      cluster.reader(options.topics, { first: index + 1, headers, lastEventId: lastEventId! }),
    ),
  )
}
