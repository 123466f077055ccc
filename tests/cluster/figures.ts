import { appendFileSync } from 'node:fs'
import { expect } from 'vitest'

/**
 * Keeps what a test saw, for docs/faults.md: one line of JSON a call, in the file that FIGURES_OF_TESTS names;
 * nothing, if it names none.
 */
export function keepFigures(figures: Readonly<Record<string, number>>): void {
  const path = process.env.FIGURES_OF_TESTS
  if (path === undefined) return
  const { currentTestName } = expect.getState()
  appendFileSync(path, `${JSON.stringify({ test: currentTestName, ...figures })}\n`)
}
