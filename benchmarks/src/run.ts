import type { Case, Effort, Metrics } from './cases/case.ts'
import type { CaseResult, Row } from './report/result.ts'
import type { Contender } from './servers/contender.ts'

/** What one case is run with. */
export interface CaseRun {
  readonly subject: Case
  readonly contenders: readonly Contender[]
  readonly rounds: number
  readonly effort: Effort
  /** Called before each measurement, for the one who waits. */
  onMeasure(text: string): void
}

/** Runs one case: in every round each server once, so that a slow minute of the machine hits all of them. */
export async function runCase({
  subject,
  contenders,
  rounds,
  effort,
  onMeasure,
}: CaseRun): Promise<CaseResult> {
  const measured = new Map<string, Metrics[]>()
  const failures = new Map<string, string>()
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      // What could not run once is not tried again: the reason is in the report.
      if (failures.has(contender.name)) continue
      onMeasure(`${subject.name}, round ${round} of ${rounds}: ${contender.name}`)
      try {
        const metrics = await subject.run(contender, effort)
        measured.set(contender.name, [...(measured.get(contender.name) ?? []), metrics])
      } catch (error) {
        failures.set(contender.name, (error as Error).message)
        onMeasure(`FAILED ${contender.name}: ${(error as Error).message}`)
      }
    }
  }
  const rows = contenders.map(
    ({ name }): Row => ({ server: name, rounds: measured.get(name) ?? [], failure: failures.get(name) }),
  )
  return { name: subject.name, rows }
}
