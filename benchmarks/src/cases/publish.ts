import { runClosedLoop } from '../load/closed-loop.ts'
import { nowMicros, payload } from '../payload.ts'
import { atLeast, atMost, type Case, type Column, quotient, type Target } from './case.ts'
import { openWindow, windowColumns } from './window.ts'
import { withServer } from './workspace.ts'

interface Publish {
  readonly name: string
  readonly title: string
  readonly method: string
  readonly servers: readonly string[]
  readonly clients: number
  readonly eventsPerRequest: number
  readonly targets: readonly Target[]
}

const columns: readonly Column[] = [
  { key: 'eventsPerSecond', title: 'events/s', digits: 0 },
  { key: 'perCpuSecond', title: 'per CPU-second', digits: 0 },
  { key: 'p50Ms', title: 'p50 ms', digits: 1 },
  { key: 'p99Ms', title: 'p99 ms', digits: 1 },
  { key: 'maxMs', title: 'max ms', digits: 0 },
  { key: 'errors', title: 'errors', digits: 0 },
  ...windowColumns,
]

function publish({ name, title, method, servers, clients, eventsPerRequest, targets }: Publish): Case {
  return {
    name,
    title,
    method,
    servers,
    columns,
    ratioOf: 'eventsPerSecond',
    headlines: ['eventsPerSecond'],
    targets,
    run: (contender, effort) =>
      withServer(contender, effort, async (server) => {
        const payloads = new Array<string>(eventsPerRequest).fill(payload(nowMicros()))
        const request = contender.shape.request(payloads)
        await runClosedLoop(server.port, request, clients, effort.warmSeconds * 1000)
        const close = openWindow(server)
        const result = await runClosedLoop(server.port, request, clients, effort.seconds * 1000)
        const shares = close()
        return {
          eventsPerSecond: (result.answers * eventsPerRequest) / result.seconds,
          perCpuSecond: (result.answers * eventsPerRequest) / shares.serverCpuSeconds,
          p50Ms: result.latencies.quantileMs(0.5),
          p99Ms: result.latencies.quantileMs(0.99),
          maxMs: result.latencies.maxMs,
          errors: result.errors,
          ...shares,
        }
      }),
  }
}

export const publishCases: readonly Case[] = [
  publish({
    name: 'publish-single',
    title: 'Publish, one event a request',
    method:
      '64 keep-alive clients, each waits for its answer. Tidings: on disk (fsync) before it answers; the others keep nothing.',
    servers: ['tidings', 'tidings-auth', 'nchan', 'fastify'],
    clients: 64,
    eventsPerRequest: 1,
    targets: [
      atLeast('events/s: at least 0.6 × a bare Fastify route', 0.6, (median) =>
        quotient(median('tidings', 'eventsPerSecond'), median('fastify', 'eventsPerSecond')),
      ),
      atLeast('with an API key: at least 0.95 × without', 0.95, (median) =>
        quotient(median('tidings-auth', 'eventsPerSecond'), median('tidings', 'eventsPerSecond')),
      ),
      atMost('errors: none', 0, (median) => median('tidings', 'errors')),
    ],
  }),
  publish({
    name: 'publish-batch',
    title: 'Publish, 500 events a request',
    method: '8 keep-alive clients, each waits for its answer. Tidings: on disk (fsync) before it answers.',
    servers: ['tidings', 'fastify'],
    clients: 8,
    eventsPerRequest: 500,
    targets: [
      atLeast('events/s: at least 50,000', 50_000, (median) => median('tidings', 'eventsPerSecond')),
      atMost('errors: none', 0, (median) => median('tidings', 'errors')),
    ],
  }),
]
