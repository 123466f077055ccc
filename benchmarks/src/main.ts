import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Effort } from './cases/case.ts'
import { cases } from './cases/cases.ts'
import { describeMachine, machineKind } from './machine.ts'
import { type Options, readOptions, usage } from './options.ts'
import { writeProfiles } from './report/profile.ts'
import { updateReadme, writeSummary } from './report/readme.ts'
import type { CaseResult, RunResult } from './report/result.ts'
import { type Catalogue, caseTable, targetTable, writeReport } from './report/table.ts'
import { runCase } from './run.ts'
import type { Contender } from './servers/contender.ts'
import { contenders } from './servers/contenders.ts'
import { canPin, moveToLoadCore } from './servers/cores.ts'
import { root } from './servers/node-program.ts'
import { makeScratchFolder, removeScratchFolder, removeScratchFolders } from './servers/scratch-folder.ts'
import { killRunningServers } from './servers/server-process.ts'

const catalogue: Catalogue = { cases, contenders }
const thorough: Effort = { seconds: 10, warmSeconds: 3, idleSeconds: 20, bigLogEvents: 1_000_000 }
const quick: Effort = { seconds: 3, warmSeconds: 1, idleSeconds: 3, bigLogEvents: 100_000 }

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** The chosen servers that can run here; says loudly which cannot. */
function availableContenders({ servers }: Options): Contender[] {
  return contenders.filter((contender) => {
    if (servers.length > 0 && !servers.includes(contender.name)) return false
    const obstacle = contender.obstacle()
    if (obstacle !== undefined) say(`SKIPPED: ${contender.label}: ${obstacle}`)
    return obstacle === undefined
  })
}

function chosenCases(options: Options): Case[] {
  const chosen = cases.filter(
    ({ name }) => options.cases.length === 0 || options.cases.some((wanted) => name.startsWith(wanted)),
  )
  if (chosen.length > 0) return chosen
  throw new Error(
    `No case is called ${options.cases.join(' or ')}; there are ${cases.map(({ name }) => name).join(', ')}.`,
  )
}

/** Runs one case, with a profile of Tidings if that is wanted, and prints its table. */
async function runAndPrint(
  subject: Case,
  available: readonly Contender[],
  options: Options,
): Promise<CaseResult> {
  const profileTo = options.isProfiling ? makeScratchFolder() : undefined
  try {
    const result = await runCase({
      subject,
      contenders: available.filter(({ name }) => subject.servers.includes(name)),
      rounds: options.rounds,
      effort: { ...(options.isQuick ? quick : thorough), profileTo },
      onMeasure: say,
    })
    process.stdout.write(`\n${caseTable(subject, result, catalogue)}\n`)
    if (profileTo !== undefined) process.stdout.write(`\n${writeProfiles(profileTo)}\n`)
    return result
  } finally {
    if (profileTo !== undefined) removeScratchFolder(profileTo)
  }
}

function save(run: RunResult): void {
  const folder = join(root, 'benchmarks/results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${run.takenAt.slice(0, 10)}-${machineKind(run.machine)}.json`)
  writeFileSync(file, `${JSON.stringify(run, undefined, 2)}\n`)
  writeFileSync(join(folder, 'latest.md'), writeReport(run, catalogue))
  say(`Wrote ${file} and latest.md`)
  updateReadme(join(root, 'README.md'), writeSummary(run, catalogue))
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function main(): Promise<void> {
  // Parsers and clients instead of servers: the rest is not needed, and their packages not by the rest.
  if (process.argv[2] === 'parse') return (await import('./parse/parse.ts')).runParse(process.argv.slice(3))
  if (process.argv[2] === 'plan') return print((await import('./cluster/plan.ts')).planTable())
  if (process.argv[2] === 'cluster')
    return (await import('./cluster/cluster.ts')).runCluster(process.argv.slice(3))
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) return void process.stdout.write(`${usage}\n`)
  if (canPin) moveToLoadCore()
  else say('NOT PINNED: this needs two cores and taskset. Server and load share the cores; compare nothing.')
  const chosen = chosenCases(options)
  const available = availableContenders(options)
  const takenAt = new Date().toISOString()
  const results: CaseResult[] = []
  for (const subject of chosen) results.push(await runAndPrint(subject, available, options))
  const run: RunResult = {
    takenAt,
    machine: describeMachine(canPin),
    isQuick: options.isQuick,
    rounds: options.rounds,
    versions: Object.fromEntries(available.map((contender) => [contender.name, contender.version()])),
    cases: results,
  }
  process.stdout.write(`\n${targetTable(run, catalogue)}\n`)
  if (options.isSaving) save(run)
  if (results.some(({ rows }) => rows.some(({ failure }) => failure !== undefined))) process.exitCode = 1
}

process.on('exit', () => {
  killRunningServers()
  removeScratchFolders()
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))

try {
  await main()
} catch (error) {
  say((error as Error).message)
  process.exitCode = 2
}
