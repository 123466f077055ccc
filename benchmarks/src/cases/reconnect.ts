import { Crowd } from '../load/crowd.ts'
import { preload } from '../load/preload.ts'
import { until } from '../load/until.ts'
import { topic } from '../servers/contender.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import { startTidings } from '../servers/tidings.ts'
import { atMost, type Case, type Metrics } from './case.ts'
import { openWindow, windowColumns } from './window.ts'
import { withFolder } from './workspace.ts'

const clients = 10_000
const eventsBefore = 20
const eventsMissed = 100
const limitMs = 60_000

export const reconnectCase: Case = {
  name: 'reconnect',
  title: '10,000 clients come back at once after kill -9',
  method:
    `Each has its own last id. The server is killed, restarted, gets ${eventsMissed} events; then all connect at the same ` +
    'moment, without any of the spread that `retry:` would bring.',
  servers: ['tidings'],
  columns: [
    { key: 'restartMs', title: 'kill to ready, ms', digits: 0 },
    { key: 'p50Seconds', title: '50 % caught up, s', digits: 2 },
    { key: 'p99Seconds', title: '99 % caught up, s', digits: 2 },
    { key: 'allSeconds', title: 'all, s', digits: 2 },
    { key: 'errors', title: 'errors', digits: 0 },
    { key: 'lost', title: 'lost', digits: 0 },
    { key: 'repeated', title: 'repeated', digits: 0 },
    ...windowColumns,
  ],
  targets: [
    atMost('99 % back and caught up, s: within 10', 10, (median) => median('tidings', 'p99Seconds')),
    atMost('errors: none', 0, (median) => median('tidings', 'errors')),
    atMost('lost: none', 0, (median) => median('tidings', 'lost')),
  ],
  run: (contender, effort) =>
    withFolder(async (data) => {
      const options = { data, profileTo: effort.profileTo }
      let server = await contender.start(options)
      try {
        const lastEventIds = await listenUntilKilled(server, contender.streamPath)
        const killedAt = performance.now()
        await server.kill()
        server = await startTidings(options, server.port)
        const restartMs = performance.now() - killedAt
        await preload(server.port, topic, eventsMissed)
        return { restartMs, ...(await comeBack(server, contender.streamPath, lastEventIds)) }
      } finally {
        await (effort.profileTo === undefined ? server.kill() : server.stop())
      }
    }),
}

/** Opens the streams, gives each some events, and returns the ids that they stand at. */
async function listenUntilKilled(
  server: ServerProcess,
  path: string,
): Promise<readonly (string | undefined)[]> {
  const crowd = new Crowd({ port: server.port, path: () => path, tracksIds: true })
  try {
    await crowd.join(clients, { atOnce: 200, deadlineMs: limitMs })
    await preload(server.port, topic, eventsBefore)
    if (await until(() => crowd.received >= clients * eventsBefore, limitMs)) {
      return crowd.listeners.map(({ lastId }) => lastId)
    }
    throw new Error(`${crowd.received} of ${clients * eventsBefore} events came before the kill`)
  } finally {
    crowd.close()
  }
}

async function comeBack(
  server: ServerProcess,
  path: string,
  lastEventIds: readonly (string | undefined)[],
): Promise<Metrics> {
  const crowd = new Crowd({ port: server.port, path: () => path, goal: eventsMissed })
  try {
    const close = openWindow(server)
    await crowd.join(clients, { lastEventIds, deadlineMs: limitMs })
    await until(() => crowd.goalTimes.count >= clients - crowd.ended, limitMs)
    const shares = close()
    const isBack = crowd.goalTimes.count >= clients * 0.99
    return {
      p50Seconds: crowd.goalTimes.quantileMs(0.5) / 1000,
      p99Seconds: isBack ? crowd.goalTimes.quantileMs(0.99) / 1000 : Number.POSITIVE_INFINITY,
      allSeconds: crowd.goalTimes.maxMs / 1000,
      errors: crowd.ended,
      lost: crowd.listeners.reduce((sum, { received }) => sum + Math.max(0, eventsMissed - received), 0),
      repeated: crowd.listeners.reduce((sum, { received }) => sum + Math.max(0, received - eventsMissed), 0),
      ...shares,
    }
  } finally {
    crowd.close()
  }
}
