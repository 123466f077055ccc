import type { Column, Metrics } from '../cases/case.ts'
import { pause } from '../load/until.ts'
import type { ClusterEffort, Part } from './effort.ts'
import { openMeter } from './meter.ts'
import { startRedis } from './nodes.ts'
import { makeEvents, openOwnLog } from './own-log.ts'
import { middle, type Side, sideBySide, sidesTable } from './side-by-side.ts'

/** What applications publish: two or three fields of JSON. */
const payloadBytes = 100

const columns: readonly Column[] = [
  { key: 'eventsPerSecond', title: 'events/s', digits: 0 },
  { key: 'redisPercent', title: 'CPU of Redis %', digits: 0 },
  { key: 'redisMicros', title: 'of Redis, µs an event', digits: 2 },
  { key: 'atOneCore', title: 'events/s of one core of Redis', digits: 0 },
  { key: 'loadPercent', title: 'CPU of the writer %', digits: 0 },
]

export const enginePart: Part = {
  name: 'engine',
  title: 'What Redis itself carries',
  method:
    'The engine without HTTP, in the process that measures: Redis has a core to itself, the writer the other. So many ' +
    `appends are under way at once, each of so many events of ${payloadBytes} bytes; one tail follows. “Of one core” is what ` +
    'the CPU time of an event comes to if Redis does nothing else.',
  async run(effort) {
    const shapes = [
      { appends: 1, events: 1, fsync: 'always' },
      { appends: 64, events: 1, fsync: 'always' },
      { appends: 64, events: 1, fsync: 'everysec' },
      { appends: 64, events: 100, fsync: 'always' },
      { appends: 64, events: 100, fsync: 'everysec' },
    ] as const
    const sides = shapes.map(
      (shape): Side => ({
        name: `${shape.appends} × ${shape.events}, appendfsync ${shape.fsync}`,
        run: () => write(shape.appends, shape.events, shape.fsync, effort),
      }),
    )
    return sidesTable(await sideBySide(sides, effort), columns, 'eventsPerSecond')
  },
}

/** Appends from many, each as soon as its last was acknowledged. */
async function write(
  appends: number,
  count: number,
  appendfsync: string,
  effort: ClusterEffort,
): Promise<Metrics> {
  await using redis = await startRedis({ appendfsync })
  const log = await openOwnLog(redis)
  const events = makeEvents(count, payloadBytes, (index) => `topic/${index % 10}`)
  let stored = 0
  let isOver = false
  const append = async () => {
    while (!isOver) {
      await log.append(events)
      stored += count
    }
  }
  const running = Promise.all(Array.from({ length: appends }, append))
  try {
    await pause(effort.warmSeconds * 500)
    stored = 0
    const close = openMeter([redis.pid])
    await pause(effort.seconds * 500)
    const written = stored
    const { seconds, cpuSeconds, loadCpuSeconds } = close()
    const redisSeconds = cpuSeconds[0]!
    return {
      eventsPerSecond: written / seconds,
      redisPercent: (redisSeconds / seconds) * 100,
      redisMicros: (redisSeconds / written) * 1e6,
      atOneCore: written / redisSeconds,
      loadPercent: (loadCpuSeconds / seconds) * 100,
    }
  } finally {
    isOver = true
    await running
    await log.close()
  }
}

const tailCounts = [1, 2, 4, 8, 16] as const

const tailColumns: readonly Column[] = [
  { key: 'redisPercent', title: 'CPU of Redis %', digits: 1 },
  { key: 'microsPerAppend', title: 'µs an append', digits: 1 },
  { key: 'megabitsPerSecond', title: 'Mbit/s out', digits: 1 },
]

export const tailsPart: Part = {
  name: 'tails',
  title: 'What each further node costs Redis',
  method:
    'The same appends at a steady rate, while more and more tails follow, each as a node has it. The cost of one is the ' +
    'slope, by the least squares.',
  async run(effort) {
    const answers: string[] = []
    for (const { appendsPerSecond, events } of [
      { appendsPerSecond: 200, events: 1 },
      { appendsPerSecond: 200, events: 10 },
    ]) {
      const sides = tailCounts.map(
        (tails): Side => ({
          name: `${tails} ${tails === 1 ? 'tail' : 'tails'}`,
          run: () => follow(tails, appendsPerSecond, events, effort),
        }),
      )
      const measured = await sideBySide(sides, effort)
      const micros = slope(
        measured.map((side, index) => [tailCounts[index]!, middle(side, 'microsPerAppend')]),
      )
      answers.push(
        `### ${appendsPerSecond} appends/s of ${events} events of ${payloadBytes} bytes\n\n` +
          `${sidesTable(measured, tailColumns, 'redisPercent')}\n\n` +
          `Each further tail: ${micros.toFixed(1)} µs of Redis an append, ${(micros / events).toFixed(2)} µs an event.`,
      )
    }
    return answers.join('\n\n')
  },
}

async function follow(
  tails: number,
  appendsPerSecond: number,
  count: number,
  effort: ClusterEffort,
): Promise<Metrics> {
  await using redis = await startRedis()
  const logs = await Promise.all(Array.from({ length: tails }, () => openOwnLog(redis)))
  const events = makeEvents(count, payloadBytes, (index) => `topic/${index % 10}`)
  const append = async (seconds: number) => {
    const appends = Math.round(seconds * appendsPerSecond)
    const start = performance.now()
    for (let done = 0; done < appends; done++) {
      await pause(Math.max(0, start + (done * 1000) / appendsPerSecond - performance.now()))
      await logs[0]!.append(events)
    }
    return appends
  }
  try {
    await append(effort.warmSeconds / 2)
    const sentBefore = Number(await redis.info('total_net_output_bytes'))
    const close = openMeter([redis.pid])
    const appends = await append(effort.seconds / 2)
    const { seconds, cpuSeconds } = close()
    const sent = Number(await redis.info('total_net_output_bytes')) - sentBefore
    return {
      redisPercent: (cpuSeconds[0]! / seconds) * 100,
      microsPerAppend: (cpuSeconds[0]! / appends) * 1e6,
      megabitsPerSecond: (sent * 8) / seconds / 1e6,
    }
  } finally {
    await Promise.all(logs.map((log) => log.close()))
  }
}

/** How much the second of each pair grows with the first. */
function slope(pairs: readonly (readonly [number, number])[]): number {
  const mean = (of: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[of], 0) / pairs.length
  const [x, y] = [mean(0), mean(1)]
  const over = pairs.reduce((sum, pair) => sum + (pair[0] - x) * (pair[1] - y), 0)
  return over / pairs.reduce((sum, pair) => sum + (pair[0] - x) ** 2, 0)
}
