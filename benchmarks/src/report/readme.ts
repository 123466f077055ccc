import { readFileSync, writeFileSync } from 'node:fs'
import type { RunResult } from './result.ts'
import { medianOf } from './result.ts'
import { type Catalogue, describeRun, findCase, format, markdown, targetTable } from './table.ts'

const begin = '<!-- bench -->'
const end = '<!-- /bench -->'

/** What stands in the README: the headline of each case that has peers, and the targets. */
export function writeSummary(run: RunResult, catalogue: Catalogue): string {
  const shown = run.cases
    .map((result) => ({ result, subject: findCase(result.name, catalogue) }))
    .filter(({ subject }) => subject.headlines !== undefined)
  const columns = shown.flatMap(({ result, subject }) =>
    subject.headlines!.map((key) => {
      const column = subject.columns.find((one) => one.key === key)!
      return { ...column, title: `${subject.title}: ${column.title}`, rows: result.rows }
    }),
  )
  const servers = catalogue.contenders.filter(({ name }) =>
    columns.some(({ rows }) => rows.some((row) => row.server === name)),
  )
  const rows = servers.map(({ name, label }) => [
    label,
    ...columns.map(({ key, digits, rows }) =>
      format(
        medianOf(
          rows.find((row) => row.server === name),
          key,
        ),
        digits,
      ),
    ),
  ])
  return [
    markdown(['', ...columns.map(({ title }) => title)], rows),
    targetTable(run, catalogue),
    describeRun(run, catalogue),
  ].join('\n\n')
}

/**
 * Puts text between the README's markers.
 * @throws Error if it has none.
 */
export function replaceBetweenMarkers(readme: string, text: string): string {
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from === -1 || to < from)
    throw new Error(`The README has no ${begin} … ${end} to put the table between.`)
  return `${readme.slice(0, from + begin.length)}\n${text}\n${readme.slice(to)}`
}

/** Writes the summary into a README file. */
export function updateReadme(file: string, summary: string): void {
  writeFileSync(file, replaceBetweenMarkers(readFileSync(file, 'utf8'), summary))
}
