import type { Metrics } from '../cases/case.ts'
import type { Machine } from '../machine.ts'
import { median } from '../numbers.ts'

/** What one server did in one case. */
export interface Row {
  readonly server: string
  readonly rounds: readonly Metrics[]
  /** Why it has no rounds, or fewer than the others. */
  readonly failure?: string | undefined
}

export interface CaseResult {
  readonly name: string
  readonly rows: readonly Row[]
}

/** Everything that a run has measured, as it is kept in `benchmarks/results/`. */
export interface RunResult {
  /** ISO date and time at which it began. */
  readonly takenAt: string
  readonly machine: Machine
  readonly isQuick: boolean
  readonly rounds: number
  /** Version of each server, by name. */
  readonly versions: Readonly<Record<string, string>>
  readonly cases: readonly CaseResult[]
}

/** The median over a row's rounds; `undefined` if it has none of this number. */
export function medianOf(row: Row | undefined, key: string): number | undefined {
  const values = row?.rounds.map((round) => round[key]).filter((value) => value !== undefined) ?? []
  return values.length === 0 ? undefined : median(values)
}
