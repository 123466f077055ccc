import { Crowd } from '../load/crowd.ts'
import { Publisher } from '../load/publisher.ts'
import { until } from '../load/until.ts'
import type { Contender } from '../servers/contender.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import {
  atLeast,
  atMost,
  type Case,
  type Column,
  type Effort,
  type Metrics,
  quotient,
  type Target,
} from './case.ts'
import { openWindow, windowColumns } from './window.ts'
import { withServer } from './workspace.ts'

interface Fanout {
  readonly name: string
  readonly streams: number
  readonly eventsPerSecond: number
  readonly servers: readonly string[]
  readonly headlines: readonly string[]
  readonly targets: readonly Target[]
}

/** Latencies that are read in a second: few enough to cost the load generator next to nothing. */
const samplesPerSecond = 20_000

/** After the last publish, what is still to come gets this long; what has not come then counts as lost. */
const graceMs = 10_000

/** The column that says what a delivery costs. */
export const perCpuSecond = 'deliveriesPerCpuSecond'

export const fanoutColumns: readonly Column[] = [
  { key: 'deliveriesPerSecond', title: 'deliveries/s', digits: 0 },
  { key: perCpuSecond, title: 'per CPU-second', digits: 0 },
  { key: 'p50Ms', title: 'p50 ms', digits: 1 },
  { key: 'p99Ms', title: 'p99 ms', digits: 1 },
  { key: 'maxMs', title: 'max ms', digits: 0 },
  { key: 'deliveredPercent', title: 'delivered in time %', digits: 2 },
  { key: 'lost', title: 'lost', digits: 0 },
  ...windowColumns,
]

function fanout({ name, streams, eventsPerSecond, servers, headlines, targets }: Fanout): Case {
  const perBatch = Math.max(1, Math.round(eventsPerSecond / 200))
  return {
    name,
    title: `${streams.toLocaleString('en')} streams × ${eventsPerSecond.toLocaleString('en')} events/s`,
    method:
      perBatch === 1
        ? 'One POST an event. Every stream gets every event.'
        : `A POST of ${perBatch} events every 5 ms (nchan, which has no batches: one POST an event). Every stream gets every event.`,
    servers,
    columns: fanoutColumns,
    ratioOf: perCpuSecond,
    headlines,
    targets,
    run: (contender, effort) =>
      withServer(contender, effort, (server) =>
        measureFanout({ contender, server, streams, eventsPerSecond, effort }),
      ),
  }
}

/** One measurement. */
export interface FanoutRun {
  readonly contender: Contender
  readonly server: ServerProcess
  readonly streams: number
  readonly eventsPerSecond: number
  readonly effort: Effort
  /** What else is read when all streams are open. */
  readonly inspect?: () => Promise<Metrics>
}

/** Publishes at a steady rate to many streams that all want everything. */
export async function measureFanout(run: FanoutRun): Promise<Metrics> {
  const { contender, server, streams, eventsPerSecond, effort } = run
  const sampleEvery = Math.max(1, Math.ceil((streams * eventsPerSecond) / samplesPerSecond))
  const crowd = new Crowd({
    port: server.port,
    path: () => contender.streamPath,
    sampleEvery,
    authorization: contender.authorization,
  })
  const publisher = await Publisher.open({ port: server.port, shape: contender.shape, eventsPerSecond })
  const isComplete = () => publisher.isSettled && crowd.received >= publisher.taken * streams
  try {
    if (!(await crowd.join(streams, { atOnce: 200, deadlineMs: 60_000 })) || crowd.ended > 0) {
      throw new Error(`only ${crowd.open} of ${streams} streams opened: ${[...crowd.reasons].join('; ')}`)
    }
    const more = await run.inspect?.()
    await publisher.run(effort.warmSeconds * 1000)
    await until(isComplete, graceMs)
    crowd.reset()
    publisher.reset()
    const close = openWindow(server)
    await publisher.run(effort.seconds * 1000)
    const inTime = crowd.received
    const shares = close()
    await until(isComplete, graceMs)
    return {
      deliveriesPerSecond: inTime / shares.seconds,
      [perCpuSecond]: inTime / shares.serverCpuSeconds,
      p50Ms: crowd.latencies.quantileMs(0.5),
      p99Ms: crowd.latencies.quantileMs(0.99),
      maxMs: crowd.latencies.maxMs,
      deliveredPercent: (inTime / (publisher.offered * streams)) * 100,
      lost: Math.max(0, publisher.taken * streams - crowd.received),
      ...shares,
      ...more,
    }
  } finally {
    publisher.close()
    crowd.close()
  }
}

export const fanoutCases: readonly Case[] = [
  fanout({
    name: 'fanout-10000x5',
    streams: 10_000,
    eventsPerSecond: 5,
    servers: ['tidings', 'tidings-auth', 'nchan', 'better-sse', 'express', 'yardstick'],
    headlines: [perCpuSecond],
    targets: [
      atLeast('deliveries per CPU-second: at least 1.25 × nchan', 1.25, (median) =>
        quotient(median('tidings', perCpuSecond), median('nchan', perCpuSecond)),
      ),
      atLeast('deliveries per CPU-second: at least 1.5 × better-sse', 1.5, (median) =>
        quotient(median('tidings', perCpuSecond), median('better-sse', perCpuSecond)),
      ),
      atLeast('with authentication, deliveries per CPU-second: at least 0.95 × without', 0.95, (median) =>
        quotient(median('tidings-auth', perCpuSecond), median('tidings', perCpuSecond)),
      ),
      atMost('lost: none', 0, (median) => median('tidings', 'lost')),
    ],
  }),
  fanout({
    name: 'fanout-1000x1000',
    streams: 1_000,
    eventsPerSecond: 1_000,
    servers: ['tidings', 'nchan', 'better-sse', 'express', 'yardstick'],
    headlines: ['deliveriesPerSecond', 'p99Ms'],
    targets: [
      atLeast('delivered in time, %: all', 99, (median) => median('tidings', 'deliveredPercent')),
      atMost('p99, ms: under 100', 100, (median) => median('tidings', 'p99Ms')),
      atMost('lost: none', 0, (median) => median('tidings', 'lost')),
    ],
  }),
  fanout({
    name: 'fanout-1000x4000',
    streams: 1_000,
    eventsPerSecond: 4_000,
    servers: ['tidings', 'yardstick'],
    headlines: ['deliveriesPerSecond'],
    targets: [
      atLeast('delivered in time, %: all, on one core', 99, (median) =>
        median('tidings', 'deliveredPercent'),
      ),
      atMost('lost: none', 0, (median) => median('tidings', 'lost')),
    ],
  }),
]
