import { Crowd } from '../load/crowd.ts'
import { preload } from '../load/preload.ts'
import { Publisher } from '../load/publisher.ts'
import { until } from '../load/until.ts'
import { median } from '../numbers.ts'
import type { Contender } from '../servers/contender.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import { atMost, type Case, type Effort, type Metrics, quotient } from './case.ts'
import { openWindow, windowColumns } from './window.ts'
import { withServer } from './workspace.ts'

const streams = 1_000
const eventsPerSecond = 50
const history = 'history'
const limitMs = 120_000

export const fairnessCase: Case = {
  name: 'fairness',
  title: 'Live deliveries while one client catches up on the whole log',
  method:
    `${streams.toLocaleString('en')} streams × ${eventsPerSecond} events/s, first alone, then beside a client that reads ` +
    'everything in the log from a Last-Event-ID near its beginning; when it is done, the next one begins.',
  servers: ['tidings'],
  columns: [
    { key: 'aloneP99Ms', title: 'p99 alone, ms', digits: 1 },
    { key: 'sharedP99Ms', title: 'p99 beside, ms', digits: 1 },
    { key: 'aloneMaxMs', title: 'max alone, ms', digits: 1 },
    { key: 'sharedMaxMs', title: 'max beside, ms', digits: 1 },
    { key: 'replayedPerSecond', title: 'replayed events/s', digits: 0 },
    { key: 'replaySeconds', title: 'replay, s', digits: 1 },
    { key: 'lost', title: 'lost', digits: 0 },
    ...windowColumns,
  ],
  targets: [
    atMost('p99 beside / p99 alone: at most 2', 2, (median) =>
      quotient(median('tidings', 'sharedP99Ms'), median('tidings', 'aloneP99Ms')),
    ),
    atMost('lost: none', 0, (median) => median('tidings', 'lost')),
  ],
  run: (contender, effort) =>
    withServer(contender, effort, async (server) => {
      const ids = await preload(server.port, history, effort.bigLogEvents)
      // A little after the beginning: live events push the oldest out while the replay runs.
      const skipped = Math.floor(ids.length / 20)
      const backlog = effort.bigLogEvents * (1 - (skipped + 1) / ids.length)
      return measure(contender, server, effort, ids[skipped]!, Math.round(backlog))
    }),
}

async function measure(
  contender: Contender,
  server: ServerProcess,
  effort: Effort,
  lastEventId: string,
  backlog: number,
): Promise<Metrics> {
  const live = new Crowd({ port: server.port, path: () => contender.streamPath, sampleEvery: 5 })
  const publisher = await Publisher.open({ port: server.port, shape: contender.shape, eventsPerSecond })
  const isComplete = () => publisher.isSettled && live.received >= publisher.taken * streams
  try {
    await live.join(streams, { atOnce: 200, deadlineMs: 60_000 })
    await publisher.run(effort.warmSeconds * 1000)
    await until(isComplete, limitMs)
    live.latencies.clear()
    await publisher.run(effort.seconds * 1000)
    await until(isComplete, limitMs)
    const aloneP99Ms = live.latencies.quantileMs(0.99)
    const aloneMaxMs = live.latencies.maxMs
    live.latencies.clear()

    const close = openWindow(server)
    const replays: Replay[] = []
    const end = performance.now() + effort.seconds * 1000
    while (replays.length === 0 || performance.now() < end) {
      replays.push(await replayBeside(publisher, server.port, lastEventId, backlog))
    }
    const shares = close()
    await until(isComplete, limitMs)
    const replaySeconds = median(replays.map(({ seconds }) => seconds))
    return {
      aloneP99Ms,
      sharedP99Ms: live.latencies.quantileMs(0.99),
      aloneMaxMs,
      sharedMaxMs: live.latencies.maxMs,
      replayedPerSecond: backlog / replaySeconds,
      replaySeconds,
      lost:
        Math.max(0, publisher.taken * streams - live.received) +
        replays.reduce((sum, { received }) => sum + Math.max(0, backlog - received), 0),
      ...shares,
    }
  } finally {
    publisher.close()
    live.close()
  }
}

interface Replay {
  readonly seconds: number
  readonly received: number
}

/** Publishes live events while one client catches up, until it has. */
async function replayBeside(
  publisher: Publisher,
  port: number,
  lastEventId: string,
  backlog: number,
): Promise<Replay> {
  const late = new Crowd({ port, path: () => `/events?topic=${history}`, goal: backlog })
  try {
    await late.join(1, { lastEventIds: [lastEventId], deadlineMs: limitMs })
    const end = performance.now() + limitMs
    while (late.goalTimes.count === 0 && performance.now() < end) await publisher.run(100)
    return { seconds: late.goalTimes.maxMs / 1000, received: late.received }
  } finally {
    late.close()
  }
}
