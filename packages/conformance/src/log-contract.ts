import { describe, it } from 'vitest'
import type { OpenLog } from './log-case.ts'
import { logCases } from './log-cases.ts'

/** Rules that an engine does not keep, each with the reason. */
export type Exceptions = { readonly [rule: string]: string }

/** A rule may wait for a window of time or write thousands of events. */
const timeoutMs = 120_000

/**
 * Runs the contract of `EventLog` against an engine, as a vitest suite.
 *
 *     logContract('memory', async () => {
 *       const log = createMemoryLog()
 *       return { log, clean: () => log.close() }
 *     })
 */
export function logContract(engine: string, open: OpenLog, exceptions: Exceptions = {}): void {
  describe(`the ${engine} engine keeps the contract of a log`, () => {
    for (const unknown of Object.keys(exceptions)) {
      if (logCases.every(({ name }) => name !== unknown)) throw new Error(`No rule is called "${unknown}".`)
    }
    for (const { name, check } of logCases) {
      const reason = exceptions[name]
      if (reason === undefined) it(name, () => check(open), timeoutMs)
      else it.skip(`${name} (not here: ${reason})`)
    }
  })
}
