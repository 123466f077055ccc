import type { Column, Metrics } from '../cases/case.ts'
import { runClosedLoop } from '../load/closed-loop.ts'
import { nowMicros, payload } from '../payload.ts'
import { tidings } from '../servers/tidings.ts'
import type { ClusterEffort, Part } from './effort.ts'
import { openMeter } from './meter.ts'
import { Nodes, startRedis } from './nodes.ts'
import { type Side, sideBySide, sidesTable } from './side-by-side.ts'

/** Publishers that each wait for their answer, and events in each request. */
const loads = [
  { publishers: 1, events: 1 },
  { publishers: 4, events: 1 },
  { publishers: 16, events: 1 },
  { publishers: 64, events: 1 },
  { publishers: 1, events: 100 },
  { publishers: 16, events: 100 },
  { publishers: 64, events: 100 },
] as const

const columns: readonly Column[] = [
  { key: 'eventsPerSecond', title: 'events/s', digits: 0 },
  { key: 'p50Ms', title: 'p50 ms', digits: 2 },
  { key: 'p99Ms', title: 'p99 ms', digits: 1 },
  { key: 'errors', title: 'errors', digits: 0 },
  { key: 'nodeMicros', title: 'CPU of all nodes, µs an event', digits: 1 },
  { key: 'redisMicros', title: 'of Redis, µs an event', digits: 2 },
  { key: 'nodePercent', title: 'CPU of all nodes %', digits: 0 },
  { key: 'redisPercent', title: 'of Redis %', digits: 0 },
  { key: 'loadPercent', title: 'of the load %', digits: 0 },
]

/** A window of this case is shorter, because there are so many. */
const shareOfWindow = 0.4

export const carryPart: Part = {
  name: 'carry',
  title: 'Publishing: two nodes on one Redis against one node on SQLite',
  method:
    'Publishers on keep-alive connections that each wait for their answer, spread over the nodes; everything is on the disk ' +
    '(fsync) before it is answered. Both nodes also read everything that is published. Nodes and Redis share one core here, ' +
    'so that the events/s are theirs together; what Redis alone could do stands in the next table.',
  async run(effort) {
    const answers: string[] = []
    for (const { publishers, events } of loads) {
      const title = `${publishers} ${publishers === 1 ? 'publisher' : 'publishers'}, ${events} events a request`
      effort.say(title)
      const sides: readonly Side[] = [
        { name: 'one node on SQLite', run: () => runSide(1, false, publishers, events, effort) },
        { name: 'two nodes on one Redis', run: () => runSide(2, true, publishers, events, effort) },
      ]
      const measured = await sideBySide(sides, effort)
      answers.push(`### ${title}\n\n${sidesTable(measured, columns, 'eventsPerSecond')}`)
    }
    return answers.join('\n\n')
  },
}

async function runSide(
  count: number,
  isOnRedis: boolean,
  publishers: number,
  events: number,
  effort: ClusterEffort,
): Promise<Metrics> {
  await using stack = new AsyncDisposableStack()
  const redis = isOnRedis ? stack.use(await startRedis()) : undefined
  const nodes = stack.use(await Nodes.start({ count, redis, profileTo: effort.profileTo }))
  const request = tidings.shape.request(new Array<string>(events).fill(payload(nowMicros())))
  const used = nodes.ports.slice(0, publishers)
  const run = (seconds: number) =>
    Promise.all(
      used.map((port) =>
        runClosedLoop(port, request, publishers / used.length, seconds * shareOfWindow * 1000),
      ),
    )
  await run(effort.warmSeconds)
  const close = openMeter(redis === undefined ? nodes.pids : [...nodes.pids, redis.pid])
  const results = await run(effort.seconds)
  const { seconds, cpuSeconds, loadCpuSeconds } = close()
  const published = results.reduce((sum, { answers }) => sum + answers * events, 0)
  const nodeSeconds = cpuSeconds.slice(0, count).reduce((sum, one) => sum + one, 0)
  const redisSeconds = cpuSeconds[count] ?? Number.NaN
  const percent = 100 / seconds
  return {
    eventsPerSecond: published / seconds,
    p50Ms: Math.max(...results.map(({ latencies }) => latencies.quantileMs(0.5))),
    p99Ms: Math.max(...results.map(({ latencies }) => latencies.quantileMs(0.99))),
    errors: results.reduce((sum, { errors }) => sum + errors, 0),
    nodeMicros: (nodeSeconds / published) * 1e6,
    redisMicros: (redisSeconds / published) * 1e6,
    nodePercent: nodeSeconds * percent,
    redisPercent: redisSeconds * percent,
    loadPercent: loadCpuSeconds * percent,
  }
}
