import type { Column, Metrics } from '../cases/case.ts'
import { Crowd } from '../load/crowd.ts'
import { Publisher } from '../load/publisher.ts'
import { until } from '../load/until.ts'
import { tidings } from '../servers/tidings.ts'
import type { ClusterEffort, Part } from './effort.ts'
import { openMeter } from './meter.ts'
import { Nodes, startRedis } from './nodes.ts'
import { type Measured, middle, sideBySide, sidesTable } from './side-by-side.ts'

interface Load {
  readonly streamsPerNode: number
  readonly eventsPerSecond: number
}

interface Shape {
  readonly name: string
  readonly nodes: number
  readonly isOnRedis: boolean
}

const shapes: readonly Shape[] = [
  { name: 'one node on SQLite', nodes: 1, isOnRedis: false },
  { name: 'one node on Redis', nodes: 1, isOnRedis: true },
  { name: 'three nodes, each on a SQLite of its own', nodes: 3, isOnRedis: false },
  { name: 'three nodes on one Redis', nodes: 3, isOnRedis: true },
]

const columns: readonly Column[] = [
  { key: 'deliveriesPerSecond', title: 'deliveries/s', digits: 0 },
  { key: 'perCpuSecond', title: 'deliveries per CPU-second of a node', digits: 0 },
  { key: 'worst', title: 'of the worst node', digits: 0 },
  { key: 'p50Ms', title: 'p50 ms', digits: 1 },
  { key: 'p99Ms', title: 'p99 ms', digits: 1 },
  { key: 'lost', title: 'lost', digits: 0 },
  { key: 'nodePercent', title: 'CPU of a node %', digits: 0 },
  { key: 'redisPercent', title: 'of Redis %', digits: 1 },
  { key: 'loadPercent', title: 'of the load %', digits: 0 },
  { key: 'otherPercent', title: 'other %', digits: 0 },
]

/** Latencies that are read in a second: few enough to cost the load generator next to nothing. */
const samplesPerSecond = 20_000

const graceMs = 10_000

/** No more than a tenth lower than on SQLite. */
const leastRatio = 0.9

export const fanoutPart: Part = {
  name: 'fanout',
  title: 'Fan-out: three nodes on Redis against one on SQLite',
  method:
    'Each node has as many streams, and every stream gets every event; publishes go to all nodes in turn (on SQLite of ' +
    'their own: each event to each). The nodes and Redis share a core, the load has the other. What three processes ' +
    'take from each other on one core is in the third line; what Redis costs is the fourth against the third.',
  async run(effort) {
    const loads: readonly Load[] = [
      { streamsPerNode: effort.fanoutStreams, eventsPerSecond: 5 },
      { streamsPerNode: effort.fanoutStreams / 5, eventsPerSecond: 1_000 },
    ]
    const answers: string[] = []
    for (const load of loads) {
      const { streamsPerNode, eventsPerSecond } = load
      const title = `${streamsPerNode.toLocaleString('en')} streams on each node × ${eventsPerSecond} events/s`
      effort.say(title)
      const sides = shapes.map((shape) => ({ name: shape.name, run: () => runSide(shape, load, effort) }))
      const measured = await sideBySide(sides, effort)
      answers.push(`### ${title}\n\n${sidesTable(measured, columns, 'perCpuSecond')}\n\n${verdict(measured)}`)
    }
    return answers.join('\n\n')
  },
}

function verdict(measured: readonly Measured[]): string {
  const [alone, , apart, together] = measured.map((side) => middle(side, 'perCpuSecond'))
  const [toOne, toThree] = [together! / alone!, together! / apart!]
  const isReached = toOne >= leastRatio
  return (
    `To reach: three nodes on Redis at least ${leastRatio} × one on SQLite. Measured: ${toOne.toFixed(2)} ` +
    `(${toThree.toFixed(2)} × three on SQLite). ${isReached ? 'Reached.' : '**Not reached.**'}`
  )
}

async function runSide({ nodes: count, isOnRedis }: Shape, load: Load, effort: ClusterEffort) {
  await using stack = new AsyncDisposableStack()
  const redis = isOnRedis ? stack.use(await startRedis()) : undefined
  const nodes = stack.use(await Nodes.start({ count, redis, profileTo: effort.profileTo }))
  const pids = redis === undefined ? nodes.pids : [...nodes.pids, redis.pid]
  return await measure(nodes, pids, isOnRedis, load, effort)
}

async function measure(
  nodes: Nodes,
  pids: readonly number[],
  isOnRedis: boolean,
  { streamsPerNode, eventsPerSecond }: Load,
  effort: ClusterEffort,
): Promise<Metrics> {
  const count = nodes.all.length
  const sampleEvery = Math.max(1, Math.ceil((count * streamsPerNode * eventsPerSecond) / samplesPerSecond))
  const crowds = nodes.ports.map((port) => new Crowd({ port, path: () => tidings.streamPath, sampleEvery }))
  // On one log, one publisher that takes the nodes in turn: events come to all at the same pace as to one alone.
  const targets = isOnRedis ? [nodes.ports] : nodes.ports
  let publishers: readonly Publisher[] = []
  const taken = () => publishers.reduce((sum, publisher) => sum + publisher.taken, 0)
  const expected = (index: number) => (isOnRedis ? taken() : publishers[index]!.taken) * streamsPerNode
  const isComplete = () =>
    publishers.every(({ isSettled }) => isSettled) &&
    crowds.every(({ received }, index) => received >= expected(index))
  const run = (seconds: number) =>
    Promise.all(publishers.map((publisher) => publisher.run(Math.max(seconds, 1) * 1000)))
  try {
    for (const crowd of crowds) {
      await crowd.join(streamsPerNode, { atOnce: 200, deadlineMs: 60_000 })
      if (crowd.ended > 0) throw new Error(`streams ended: ${[...crowd.reasons].join('; ')}`)
    }
    // Not before: a connection that asks for nothing for ten seconds is closed.
    publishers = await Promise.all(
      targets.map((port) => Publisher.open({ port, shape: tidings.shape, eventsPerSecond })),
    )
    await run(effort.warmSeconds)
    await until(isComplete, graceMs)
    for (const crowd of crowds) crowd.reset()
    for (const publisher of publishers) publisher.reset()
    const close = openMeter(pids)
    await run(effort.seconds)
    const inTime = crowds.map(({ received }) => received)
    const reading = close()
    await until(isComplete, graceMs)
    for (const { refused, offered, reasons } of publishers) {
      if (refused > offered / 100) throw new Error(`publishes were refused: ${[...reasons].join('; ')}`)
    }
    const lost = crowds.map(({ received }, index) => Math.max(0, expected(index) - received))
    return { ...shares(inTime, reading, count), ...latencies(crowds), lost: total(lost) }
  } finally {
    for (const publisher of publishers) publisher.close()
    for (const crowd of crowds) crowd.close()
  }
}

function shares(inTime: readonly number[], reading: ReturnType<ReturnType<typeof openMeter>>, count: number) {
  const { seconds, cpuSeconds, loadCpuSeconds, otherCpuSeconds } = reading
  const nodeSeconds = cpuSeconds.slice(0, count)
  const percent = 100 / seconds
  return {
    deliveriesPerSecond: total(inTime) / seconds,
    perCpuSecond: total(inTime) / total(nodeSeconds),
    worst: Math.min(...inTime.map((deliveries, index) => deliveries / nodeSeconds[index]!)),
    nodePercent: (total(nodeSeconds) / count) * percent,
    redisPercent: (cpuSeconds[count] ?? Number.NaN) * percent,
    loadPercent: loadCpuSeconds * percent,
    otherPercent: otherCpuSeconds * percent,
  }
}

/** Of the slowest node: the others had less. */
function latencies(crowds: readonly Crowd[]) {
  const worst = (share: number) => Math.max(...crowds.map(({ latencies }) => latencies.quantileMs(share)))
  return { p50Ms: worst(0.5), p99Ms: worst(0.99) }
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0)
}
