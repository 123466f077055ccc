import type { RedisServer } from '../../../tests/support/redis-server.ts'
import type { Column, Metrics } from '../cases/case.ts'
import { Caller } from '../load/caller.ts'
import { Crowd } from '../load/crowd.ts'
import { Latencies } from '../load/latencies.ts'
import { pause, until } from '../load/until.ts'
import { nowMicros, payload } from '../payload.ts'
import { tidings } from '../servers/tidings.ts'
import { type BareHop, openPubSub, openStream } from './bare-redis.ts'
import type { ClusterEffort, Part } from './effort.ts'
import { Nodes, startRedis } from './nodes.ts'
import { middle, type Side, sideBySide, sidesTable } from './side-by-side.ts'

const eventsPerSecond = 100

/** Publishes that may be under way at once: at this rate each has long been answered when its turn comes again. */
const callers = 16

const columns: readonly Column[] = [
  { key: 'p50Ms', title: 'p50 ms', digits: 2 },
  { key: 'p90Ms', title: 'p90 ms', digits: 2 },
  { key: 'p99Ms', title: 'p99 ms', digits: 2 },
  { key: 'maxMs', title: 'max ms', digits: 1 },
  { key: 'lost', title: 'lost', digits: 0 },
]

/** Publish on one node, read on another. */
const limitMs = 3

export const latencyPart: Part = {
  name: 'latency',
  title: 'From publish to delivery across nodes',
  method:
    `${eventsPerSecond} events/s, each stamped when it is sent and read on one stream. The bare hops go through the same ` +
    'Redis, in the same minutes, between two sockets that do nothing else. PUBLISH keeps nothing, so it waits for no disk; ' +
    'XADD and both kinds of Tidings wait for fsync where it is “always”.',
  async run(effort) {
    await using stack = new AsyncDisposableStack()
    const redis = stack.use(await startRedis())
    const flags = ['--durability', 'os-buffer']
    const pair = stack.use(await Nodes.start({ count: 2, redis, flags, profileTo: effort.profileTo }))
    const answers: string[] = []
    for (const appendfsync of ['always', 'everysec'] as const) {
      await redis.command('CONFIG', 'SET', 'appendfsync', appendfsync)
      const own = appendfsync === 'always' ? [] : flags
      await using alone = await Nodes.start({ count: 1, flags: own })
      effort.say(`appendfsync ${appendfsync}`)
      const measured = await sideBySide(sidesOf(redis, pair.ports, alone.ports[0]!, effort), effort)
      const p50 = middle(measured.find(({ name }) => name === acrossName)!, 'p50Ms')
      const verdict = `To reach: p50 across nodes under ${limitMs} ms. Measured: ${p50.toFixed(2)} ms. ${
        p50 < limitMs ? 'Reached.' : '**Not reached.**'
      }`
      const table = sidesTable(measured, columns, 'p50Ms')
      answers.push(`### appendfsync ${appendfsync}\n\n${table}\n\n${verdict}`)
    }
    return answers.join('\n\n')
  },
}

const acrossName = 'Tidings on Redis, from node A to node B'

function sidesOf(
  redis: RedisServer,
  [a, b]: readonly number[],
  alone: number,
  effort: ClusterEffort,
): readonly Side[] {
  const bare = (open: typeof openPubSub) => () => measureBare((onStamp) => open(redis.port, onStamp), effort)
  return [
    { name: 'bare PUBLISH → SUBSCRIBE', run: bare(openPubSub) },
    { name: 'bare XADD → XREAD BLOCK', run: bare(openStream) },
    { name: acrossName, run: () => measureNodes(a!, b!, effort) },
    { name: 'Tidings on Redis, node A alone', run: () => measureNodes(a!, a!, effort) },
    { name: 'Tidings on SQLite, one node', run: () => measureNodes(alone, alone, effort) },
  ]
}

async function measureBare(
  open: (onStamp: (stamp: number) => void) => Promise<BareHop>,
  effort: ClusterEffort,
): Promise<Metrics> {
  const latencies = new Latencies()
  using hop = await open((stamp) => latencies.add(nowMicros() - stamp))
  return await measure(latencies, (text) => hop.send(text), effort)
}

async function measureNodes(from: number, to: number, effort: ClusterEffort): Promise<Metrics> {
  const crowd = new Crowd({ port: to, path: () => tidings.streamPath, sampleEvery: 1 })
  const all = await Promise.all(Array.from({ length: callers }, () => Caller.open(from)))
  let turn = 0
  const send = (text: string) => {
    // Who is not answered any more is missed: what it sent counts as lost.
    void all[turn++ % callers]!.call(tidings.shape.request([text])).catch(() => {})
  }
  try {
    await crowd.join(1, { deadlineMs: 10_000 })
    return await measure(crowd.latencies, send, effort)
  } finally {
    for (const caller of all) caller.close()
    crowd.close()
  }
}

async function measure(latencies: Latencies, send: (text: string) => void, effort: ClusterEffort) {
  const warm = await pace(effort.warmSeconds, send)
  await until(() => latencies.count >= warm, 2_000)
  latencies.clear()
  const sent = await pace(effort.seconds, send)
  await until(() => latencies.count >= sent, 2_000)
  return {
    p50Ms: latencies.quantileMs(0.5),
    p90Ms: latencies.quantileMs(0.9),
    p99Ms: latencies.quantileMs(0.99),
    maxMs: latencies.maxMs,
    lost: sent - latencies.count,
  }
}

/**
 * Sends at a steady rate, whether what was sent has arrived or not.
 * @returns how many were sent.
 */
async function pace(seconds: number, send: (text: string) => void): Promise<number> {
  const count = Math.round(seconds * eventsPerSecond)
  const start = performance.now()
  for (let sent = 0; sent < count; sent++) {
    const due = start + (sent * 1000) / eventsPerSecond
    const early = due - performance.now()
    if (early > 0) await pause(early)
    send(payload(nowMicros()))
  }
  return count
}
