import type { Column, Metrics } from '../cases/case.ts'
import { median, spread } from '../numbers.ts'
import { format, markdown } from '../report/table.ts'
import type { ClusterEffort } from './effort.ts'

/** One way of doing what others do too. */
export interface Side {
  readonly name: string
  run(): Promise<Metrics>
}

/** What all rounds of a side have measured. */
export interface Measured {
  readonly name: string
  readonly rounds: readonly Metrics[]
}

/** Measures sides in turn, round by round, so that a slow minute of the machine hits all of them. */
export async function sideBySide(
  sides: readonly Side[],
  { rounds, say }: Pick<ClusterEffort, 'rounds' | 'say'>,
): Promise<Measured[]> {
  const measured = new Map<Side, Metrics[]>(sides.map((side) => [side, []]))
  for (let round = 1; round <= rounds; round++) {
    // Each begins as often as the others end.
    for (const side of round % 2 === 1 ? sides : sides.toReversed()) {
      say(`round ${round} of ${rounds}: ${side.name}`)
      measured.get(side)!.push(await side.run())
    }
  }
  return sides.map((side) => ({ name: side.name, rounds: measured.get(side)! }))
}

/** The median over a side's rounds. */
export function middle({ rounds }: Measured, key: string): number {
  return median(rounds.map((round) => round[key] ?? Number.NaN))
}

/** A line for each side: medians, how far the rounds lie apart, and the ratio to the first side. */
export function sidesTable(
  measured: readonly Measured[],
  columns: readonly Column[],
  ratioOf?: string,
): string {
  const titles = ['', ...columns.map(({ title }) => title)]
  if (ratioOf !== undefined) titles.push('spread %', 'ratio to the first')
  const rows = measured.map((side) => {
    const cells = columns.map(({ key, digits }) => format(middle(side, key), digits))
    if (ratioOf === undefined) return [side.name, ...cells]
    const noise = spread(side.rounds.map((round) => round[ratioOf] ?? Number.NaN)) * 100
    const ratio = middle(side, ratioOf) / middle(measured[0]!, ratioOf)
    return [side.name, ...cells, format(noise, 0), format(ratio, 2)]
  })
  return markdown(titles, rows)
}
