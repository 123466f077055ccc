import type { Case, Lookup } from '../cases/case.ts'
import { spread } from '../numbers.ts'
import type { Contender } from '../servers/contender.ts'
import { type CaseResult, medianOf, type RunResult } from './result.ts'

/** What the tables need to know besides the numbers. */
export interface Catalogue {
  readonly cases: readonly Case[]
  readonly contenders: readonly Contender[]
}

const none = '–'

/** The whole report in Markdown. */
export function writeReport(run: RunResult, catalogue: Catalogue): string {
  const parts = run.cases.map((result) => caseTable(findCase(result.name, catalogue), result, catalogue))
  return [
    '# Benchmark',
    describeRun(run, catalogue),
    '## Targets',
    targetTable(run, catalogue),
    ...parts,
    '',
  ].join('\n\n')
}

/** The machine and the rules of a run, in words. */
export function describeRun(run: RunResult, { contenders }: Catalogue): string {
  const { cpu, cores, memoryGib, kernel, node, disk, isPinned } = run.machine
  const versions = contenders
    .filter(({ name }) => run.versions[name] !== undefined)
    .map(({ name, label }) => `${label} (${run.versions[name]})`)
  return [
    `${run.takenAt.slice(0, 10)}, ${cpu}, ${cores} cores, ${memoryGib} GiB, ${kernel}, Node ${node}, ${disk}. ` +
      (isPinned
        ? 'The server has one core, the load generator the other.'
        : 'NOT PINNED: server and load share the cores.'),
    `Medians of ${run.rounds} ${run.rounds === 1 ? 'round' : 'rounds'}, each on a fresh server` +
      `${run.isQuick ? '; a QUICK run, not for comparison' : ''}. “Spread” is largest less smallest round, ` +
      'by the median. “Load CPU” near 100 % means that the load generator may have been the limit.',
    `Servers: ${versions.join('; ')}.`,
  ].join('\n\n')
}

/** Every target, what was measured, and whether it was reached. */
export function targetTable(run: RunResult, catalogue: Catalogue): string {
  const rows = run.cases.flatMap((result) => {
    const { title, targets } = findCase(result.name, catalogue)
    return targets.map(({ text, check }) => {
      const outcome = check(lookup(result))
      const verdict = outcome === undefined ? none : outcome.isReached ? 'yes' : '**no**'
      return [title, text, outcome === undefined ? none : format(outcome.measured, 2), verdict]
    })
  })
  return markdown(['case', 'to reach', 'measured', 'reached'], rows)
}

/** One case: a line for each server. */
export function caseTable(subject: Case, result: CaseResult, { contenders }: Catalogue): string {
  const { columns, ratioOf } = subject
  const main = ratioOf ?? columns[0]!.key
  const ratioTitle = columns.find(({ key }) => key === ratioOf)?.title
  const titles = ['server', ...columns.map(({ title }) => title), 'spread %']
  if (ratioTitle !== undefined) titles.push(`${ratioTitle}, Tidings = 1`)
  const unit = ratioOf && lookup(result)('tidings', ratioOf)
  const rows = result.rows.map((row) => {
    const cells = columns.map(({ key, digits }) => format(medianOf(row, key), digits))
    const noise = spread(row.rounds.map((round) => round[main] ?? Number.NaN)) * 100
    const label = contenders.find(({ name }) => name === row.server)?.label ?? row.server
    const line = [label, ...cells, row.rounds.length < 2 ? none : format(noise, 0)]
    if (ratioTitle === undefined) return line
    const own = medianOf(row, main)
    return [...line, unit === undefined || own === undefined ? none : format(own / (unit as number), 2)]
  })
  const failures = result.rows.filter(({ failure }) => failure !== undefined)
  const notes = failures.map(({ server, failure }) => `\n\n${server}: ${failure!.split('\n')[0]}`)
  return `## ${subject.title}\n\n${subject.method}\n\n${markdown(titles, rows)}${notes.join('')}`
}

/** The medians of one case's result. */
function lookup(result: CaseResult): Lookup {
  return (server, key) =>
    medianOf(
      result.rows.find((row) => row.server === server),
      key,
    )
}

/** The case of that name. */
export function findCase(name: string, { cases }: Catalogue): Case {
  return cases.find((one) => one.name === name)!
}

/** A number for people: thousands apart, so many digits, a dash if there is none. */
export function format(value: number | undefined, digits: number): string {
  if (value === undefined || Number.isNaN(value)) return none
  return value.toLocaleString('en', { minimumFractionDigits: 0, maximumFractionDigits: digits })
}

/** A Markdown table; the first column is text, the others are numbers. */
export function markdown(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = titles.map((_, index) => (index === 0 ? '---' : '---:'))
  return [line(titles), line(rule), ...rows.map(line)].join('\n')
}
