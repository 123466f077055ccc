import { Crowd } from '../load/crowd.ts'
import { pause } from '../load/until.ts'
import type { Contender } from '../servers/contender.ts'
import { atMost, type Case } from './case.ts'
import { openWindow, windowColumns } from './window.ts'
import { withServer } from './workspace.ts'

const streams = 10_000

/** Opened and closed before the first reading, so that code and pools that any use brings are in it. */
const warmStreams = 200

export const idleCase: Case = {
  name: 'idle',
  title: `${streams.toLocaleString('en')} idle streams`,
  method:
    'Memory of the server process (PSS, children included) with the streams open, less before, by stream. ' +
    'Heartbeats go on. The kernel’s socket buffers are not in it.',
  servers: ['tidings', 'nchan', 'better-sse', 'express', 'yardstick'],
  columns: [
    { key: 'kibPerStream', title: 'KiB a stream', digits: 1 },
    { key: 'baseMib', title: 'MiB before', digits: 0 },
    { key: 'totalMib', title: 'MiB with streams', digits: 0 },
    { key: 'openSeconds', title: 's to open all', digits: 1 },
    ...windowColumns,
  ],
  ratioOf: 'kibPerStream',
  headlines: ['kibPerStream'],
  targets: [atMost('KiB a stream: at most 10', 10, (median) => median('tidings', 'kibPerStream'))],
  run: (contender, effort) =>
    withServer(contender, effort, async (server) => {
      const warm = await openCrowd(contender, server.port, warmStreams)
      warm.close()
      await pause(1_000)
      const before = server.memoryKiB
      const startedAt = performance.now()
      const crowd = await openCrowd(contender, server.port, streams)
      const openSeconds = (performance.now() - startedAt) / 1000
      const close = openWindow(server)
      await pause(effort.idleSeconds * 1000)
      const shares = close()
      const after = server.memoryKiB
      const { ended } = crowd
      crowd.close()
      if (ended > 0) throw new Error(`${ended} idle streams ended: ${[...crowd.reasons].join('; ')}`)
      return {
        kibPerStream: (after - before) / streams,
        baseMib: before / 1024,
        totalMib: after / 1024,
        openSeconds,
        ...shares,
      }
    }),
}

async function openCrowd(contender: Contender, port: number, count: number): Promise<Crowd> {
  const crowd = new Crowd({ port, path: () => contender.streamPath })
  if ((await crowd.join(count, { atOnce: 200, deadlineMs: 60_000 })) && crowd.ended === 0) return crowd
  crowd.close()
  throw new Error(`only ${crowd.open} of ${count} streams opened: ${[...crowd.reasons].join('; ')}`)
}
