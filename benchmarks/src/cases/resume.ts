import { Crowd } from '../load/crowd.ts'
import { preload } from '../load/preload.ts'
import { until } from '../load/until.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import { atLeast, atMost, type Case, type Column, type Metrics } from './case.ts'
import { openWindow, windowColumns } from './window.ts'
import { withServer } from './workspace.ts'

const clients = 1_000
const eventsBehind = 1_000
const limitMs = 60_000

const columns: readonly Column[] = [
  { key: 'eventsPerSecond', title: 'events/s', digits: 0 },
  { key: 'seconds', title: 's until all are live', digits: 2 },
  { key: 'p50Ms', title: 'client p50 ms', digits: 0 },
  { key: 'p99Ms', title: 'client p99 ms', digits: 0 },
  { key: 'lost', title: 'lost', digits: 0 },
  { key: 'repeated', title: 'repeated', digits: 0 },
  { key: 'errors', title: 'errors', digits: 0 },
  ...windowColumns,
]

/** Lets all clients come back at once, each with an id that is a thousand events old. */
async function measure(
  server: ServerProcess,
  path: (index: number) => string,
  lastEventIds: readonly string[],
): Promise<Metrics> {
  const expected = clients * eventsBehind
  const crowd = new Crowd({ port: server.port, path, goal: eventsBehind })
  try {
    const close = openWindow(server)
    await crowd.join(clients, { lastEventIds, deadlineMs: limitMs })
    await until(() => crowd.received >= expected, limitMs)
    const shares = close()
    return {
      eventsPerSecond: crowd.received / shares.seconds,
      p50Ms: crowd.goalTimes.quantileMs(0.5),
      p99Ms: crowd.goalTimes.quantileMs(0.99),
      lost: crowd.listeners.reduce((sum, { received }) => sum + Math.max(0, eventsBehind - received), 0),
      repeated: crowd.listeners.reduce((sum, { received }) => sum + Math.max(0, received - eventsBehind), 0),
      errors: crowd.ended,
      ...shares,
    }
  } finally {
    crowd.close()
  }
}

export const resumeCases: readonly Case[] = [
  {
    name: 'resume-shared',
    title: 'Resume: 1,000 clients, each 1,000 events behind, one topic',
    method:
      'All connect at once with a Last-Event-ID; the clock stops when the last event of the last client is in.',
    servers: ['tidings'],
    columns,
    targets: [
      atLeast('events/s: at least 300,000', 300_000, (median) => median('tidings', 'eventsPerSecond')),
      atMost('lost, repeated, errors: none', 0, failures),
    ],
    run: (contender, effort) =>
      withServer(contender, effort, async (server) => {
        const [from] = await preload(server.port, 'bench', 1)
        await preload(server.port, 'bench', eventsBehind)
        return measure(server, () => contender.streamPath, new Array<string>(clients).fill(from!))
      }),
  },
  {
    name: 'resume-own',
    title: 'Resume: 1,000 clients, each 1,000 events behind on a topic of its own',
    method:
      'As above, but no two clients want the same events: a million different ones come out of the log.',
    servers: ['tidings'],
    columns,
    targets: [atMost('lost, repeated, errors: none', 0, failures)],
    run: (contender, effort) =>
      withServer(contender, effort, async (server) => {
        const [from] = await preload(server.port, 'bench', 1)
        for (let index = 0; index < clients; index++)
          await preload(server.port, `user/${index}`, eventsBehind)
        const path = (index: number) => `/events?topic=user/${index}`
        return measure(server, path, new Array<string>(clients).fill(from!))
      }),
  },
]

function failures(median: (server: string, key: string) => number | undefined): number | undefined {
  const found = ['lost', 'repeated', 'errors'].map((key) => median('tidings', key))
  return found.includes(undefined) ? undefined : found.reduce<number>((sum, value) => sum + value!, 0)
}
