import { preload } from '../load/preload.ts'
import { topic } from '../servers/contender.ts'
import { atMost, type Case } from './case.ts'
import { withFolder } from './workspace.ts'

export const startCase: Case = {
  name: 'start',
  title: 'Start with a large log',
  method:
    'From spawn to the first 200 of /readyz, after a clean stop and after kill -9 (then the file is checked).',
  servers: ['tidings'],
  columns: [
    { key: 'emptyMs', title: 'empty, ms', digits: 0 },
    { key: 'cleanMs', title: 'after a clean stop, ms', digits: 0 },
    { key: 'crashMs', title: 'after kill -9, ms', digits: 0 },
    { key: 'events', title: 'events in the file', digits: 0 },
    { key: 'loadedPerSecond', title: 'events/s while loading', digits: 0 },
  ],
  targets: [
    atMost('ready after a clean stop, ms: within 500', 500, (median) => median('tidings', 'cleanMs')),
  ],
  run: (contender, effort) =>
    withFolder(async (data) => {
      let server = await contender.start({ data })
      try {
        const emptyMs = server.startMs
        const startedAt = performance.now()
        await preload(server.port, topic, effort.bigLogEvents)
        const loadedPerSecond = effort.bigLogEvents / ((performance.now() - startedAt) / 1000)
        await server.stop()
        server = await contender.start({ data })
        const cleanMs = server.startMs
        await server.kill()
        server = await contender.start({ data })
        return { emptyMs, cleanMs, crashMs: server.startMs, events: effort.bigLogEvents, loadedPerSecond }
      } finally {
        await server.kill()
      }
    }),
}
