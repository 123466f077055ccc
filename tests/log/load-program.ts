import { formatCursor, TidingsError } from '@tidings/protocol'
import { createSqliteLog } from 'tidings/log'
import { eventsOf, type Load, type Report } from './load.ts'

/** Appends to a log without pause, as a process that can be killed. Its argument is a `Load`, its output `Report`s. */

const load: Load = JSON.parse(process.argv[2]!)
const { path, durability = 'fsync', name, callers, bytes, retries = [] } = load

const log = await createSqliteLog({ path, durability })
const { head } = await log.bounds()
report({ kind: 'opened', epoch: head.epoch, head: head.seq })

void log.failed.then(({ message }) => {
  report({ kind: 'failed', message, at: Date.now() })
  process.exit(1)
})
await log.tail(({ events }) => report({ kind: 'shown', events: events.length }))
process.once('SIGTERM', async () => {
  await log.close()
  report({ kind: 'closed' })
  process.exit(0)
})
pulse()
for (const key of retries) await append(key)
for (let caller = 0; caller < callers; caller++) void call(caller)

async function call(caller: number): Promise<void> {
  for (let count = 0; ; count++) {
    const key = `${name}.${caller}.${count}`
    while (!(await append(key))) await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function append(key: string): Promise<boolean> {
  report({ kind: 'asked', key })
  try {
    const { cursors } = await log.append(eventsOf(key, bytes), { idempotencyKey: key })
    report({ kind: 'acknowledged', key, ids: cursors.map(formatCursor), at: Date.now() })
    return true
  } catch (error) {
    if (!(error instanceof TidingsError)) throw error
    report({ kind: 'refused', key, code: error.code, at: Date.now() })
    return false
  }
}

function pulse(): void {
  let last = performance.now()
  let lagMs = 0
  setInterval(() => {
    const now = performance.now()
    lagMs = Math.max(lagMs, now - last - 10)
    last = now
  }, 10)
  setInterval(() => {
    report({ kind: 'pulse', lagMs })
    lagMs = 0
  }, 100)
}

/** A pipe is written to at once on Linux: what was reported before a kill has been reported. */
function report(report: Report): void {
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
