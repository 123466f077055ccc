import type { Attack } from './attacks/attack.ts'
import { carrying } from './attacks/carrying.ts'
import { cursors } from './attacks/cursors.ts'
import { disclosure } from './attacks/disclosure.ts'
import { forging } from './attacks/forging.ts'
import { limits } from './attacks/limits.ts'
import { Target } from './attacks/target.ts'
import { tokens } from './attacks/tokens.ts'

/**
 * Attacks a real server in production mode with everything in the list, one after the other, and prints a table:
 * what was tried, what the server did, and whether it held. Ends with 1 if it did not.
 *
 *     node --conditions=tidings-source tests/security/attacker.ts
 */

const mebibyte = 1024 * 1024

/** The log is looked at last, when everything has been in it. */
const attacks: readonly Attack[] = [...forging, ...cursors, ...tokens, ...carrying, ...limits, ...disclosure]

interface Row {
  readonly attack: Attack
  readonly outcome: string
  readonly hasHeld: boolean
}

async function tryOne(target: Target, attack: Attack): Promise<Row> {
  try {
    return { attack, outcome: await attack.run(target), hasHeld: true }
  } catch (error) {
    return { attack, outcome: (error as Error).message, hasHeld: false }
  }
}

/** Whether the server is as it was before: nothing leaked, nothing grew, nothing was thrown. */
async function afterwards(
  target: Target,
  before: { rssBytes: number; descriptors: number },
): Promise<string> {
  const deadline = performance.now() + 30_000
  let after = await target.server.sample()
  while (after.descriptors > before.descriptors + 4 && performance.now() < deadline) {
    await target.stuckMs()
    after = await target.server.sample()
  }
  const grown = (after.rssBytes - before.rssBytes) / mebibyte
  if (after.descriptors > before.descriptors + 4)
    throw new Error(`${after.descriptors - before.descriptors} descriptors leaked`)
  if (grown > 200) throw new Error(`grew by ${Math.round(grown)} MiB`)
  if (/"level":(50|60)|unhandled|uncaught/i.test(target.server.output)) throw new Error('errors in the log')
  const { body } = await target.ask('/api/stats', { shown: target.admin })
  const { totalConnections } = JSON.parse(body) as { totalConnections: number }
  if (totalConnections > 0) throw new Error(`${totalConnections} streams are still open`)
  return `no stream and no descriptor left, ${Math.round(grown)} MiB more memory, no error in the log`
}

function print(rows: readonly Row[]): void {
  const cell = (text: string, width: number) => text.padEnd(width)
  const attempts = Math.max(...rows.map(({ attack }) => attack.attempt.length))
  for (const { attack, outcome, hasHeld } of rows) {
    console.log(
      `${cell(attack.id, 5)} ${cell(hasHeld ? 'held' : 'FAILED', 6)} ${cell(attack.attempt, attempts)}  ${outcome}`,
    )
  }
}

await using target = await Target.start()
// One of each, so that what is made once does not pass for a leak.
await target.ask('/events', { shown: await target.token('warm-up'), until: 'connected' })
await target.ask('/metrics', { shown: target.admin })
const before = await target.server.sample()
const rows: Row[] = []
for (const attack of attacks) rows.push(await tryOne(target, attack))
const last: Attack = {
  id: 'after',
  attempt: 'what all of it left behind',
  run: () => afterwards(target, before),
}
rows.push(await tryOne(target, last))
print(rows)
const held = rows.filter(({ hasHeld }) => hasHeld).length
console.log(`${held} of ${rows.length} held`)
process.exitCode = held === rows.length ? 0 : 1
