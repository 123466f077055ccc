import type { Column, Metrics } from '../cases/case.ts'
import { Crowd } from '../load/crowd.ts'
import { pause } from '../load/until.ts'
import type { ClusterEffort, Part } from './effort.ts'
import { openMeter } from './meter.ts'
import { Nodes, startRedis } from './nodes.ts'
import { makeEvents, openOwnLog } from './own-log.ts'
import { type Measured, middle, type Side, sideBySide, sidesTable } from './side-by-side.ts'

const payloadBytes = 100

interface Load {
  readonly name: string
  readonly appendsPerSecond: number
  readonly events: number
  /** Whether each event has a stream on the first node that wants it. */
  readonly isWanted?: boolean
}

const loads: readonly Load[] = [
  { name: 'nothing', appendsPerSecond: 0, events: 0 },
  { name: '200 appends/s of 1', appendsPerSecond: 200, events: 1 },
  { name: '200 appends/s of 10', appendsPerSecond: 200, events: 10 },
  { name: '200 appends/s of 100', appendsPerSecond: 200, events: 100 },
  {
    name: '200 appends/s of 10, each wanted by one stream',
    appendsPerSecond: 200,
    events: 10,
    isWanted: true,
  },
]

/** Topics that events are spread over, as over users. */
const users = 2_000

const columns: readonly Column[] = [
  { key: 'first', title: 'CPU of the first node %', digits: 1 },
  { key: 'second', title: 'of the second node %', digits: 1 },
  { key: 'redis', title: 'of Redis %', digits: 1 },
  { key: 'received', title: 'received %', digits: 0 },
]

export const passingPart: Part = {
  name: 'passing',
  title: 'What a node pays for events that nobody on it wants, and for one that one stream wants',
  method:
    `Every node reads the whole log. Events of ${payloadBytes} bytes to ${users.toLocaleString('en')} topics in turn, published ` +
    'by another process. The first line is what two nodes take anyway; in the last, the first node has a stream for each topic.',
  async run(effort) {
    const sides = loads.map((load): Side => ({ name: load.name, run: () => runSide(load, effort) }))
    return summary(await sideBySide(sides, effort))
  },
}

function summary(measured: readonly Measured[]): string {
  const [nothing, single, , large, wanted] = measured.map((side) => middle(side, 'second')) as [
    number,
    ...number[],
  ]
  const micros = (percent: number, perSecond: number) => (percent / 100 / perSecond) * 1e6
  const alone = micros(single! - nothing, 200)
  const among = micros(large! - single!, 200 * 99)
  const delivered = micros(middle(measured.at(-1)!, 'first') - wanted!, 200 * 10)
  return (
    `${sidesTable(measured, columns, 'second')}\n\n` +
    `An event in an append of its own: ${alone.toFixed(0)} µs of each node. One more in the same append: ` +
    `${among.toFixed(1)} µs. Delivered to one stream: ${delivered.toFixed(0)} µs more.`
  )
}

async function runSide(load: Load, effort: ClusterEffort): Promise<Metrics> {
  await using stack = new AsyncDisposableStack()
  const redis = stack.use(await startRedis())
  const nodes = stack.use(await Nodes.start({ count: 2, redis }))
  const log = await openOwnLog(redis)
  const crowd = new Crowd({ port: nodes.ports[0]!, path: (index) => `/events?topic=${topicOf(index)}` })
  let stored = 0
  const append = async (seconds: number) => {
    const { appendsPerSecond, events: count } = load
    if (appendsPerSecond === 0) return pause(seconds * 1000)
    const start = performance.now()
    for (let due = start; due < start + seconds * 1000; due += 1000 / appendsPerSecond) {
      await pause(Math.max(0, due - performance.now()))
      await log.append(makeEvents(count, payloadBytes, (index) => topicOf(stored + index)))
      stored += count
    }
  }
  try {
    if (load.isWanted === true) await crowd.join(users, { atOnce: 200, deadlineMs: 30_000 })
    await append(effort.warmSeconds)
    crowd.reset()
    const before = stored
    const close = openMeter([...nodes.pids, redis.pid])
    await append(effort.seconds)
    const { seconds, cpuSeconds } = close()
    const [first, second, own] = cpuSeconds.map((used) => (used / seconds) * 100) as [number, number, number]
    const received = load.isWanted === true ? (crowd.received / (stored - before)) * 100 : Number.NaN
    return { first, second, redis: own, received }
  } finally {
    crowd.close()
    await log.close()
  }
}

function topicOf(index: number): string {
  return `user/${index % users}/orders`
}
