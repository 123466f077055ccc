import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { requireProgram } from '../../../tests/support/programs.ts'
import { describeMachine } from '../machine.ts'
import { writeProfiles } from '../report/profile.ts'
import { canPin, moveToLoadCore } from '../servers/cores.ts'
import { packageVersion, root } from '../servers/node-program.ts'
import { makeScratchFolder, removeScratchFolder } from '../servers/scratch-folder.ts'
import { carryPart } from './carry.ts'
import type { ClusterEffort, Part } from './effort.ts'
import { enginePart, tailsPart } from './engine.ts'
import { fanoutPart } from './fanout.ts'
import { latencyPart } from './latency.ts'
import { memoryPart } from './memory.ts'
import { killRunningRedises, startRedis } from './nodes.ts'
import { passingPart } from './passing.ts'
import { stormPart } from './storm.ts'

const parts: readonly Part[] = [
  fanoutPart,
  latencyPart,
  stormPart,
  carryPart,
  enginePart,
  tailsPart,
  passingPart,
  memoryPart,
]

const usage = `Usage: npm run bench -- cluster [options]

Several nodes on one Redis: nodes and Redis on one core, the load on the other.

  --part NAMES  only these parts: ${parts.map(({ name }) => name).join(',')}
  --rounds N    rounds of each measurement, medians are shown (3; with --quick 1)
  --quick       short windows and few clients: to see that it works, not to compare
  --profile     print where the nodes' CPU time goes
  --save        write benchmarks/results/cluster.md even if this is not a whole run
  --help`

const thorough = {
  seconds: 10,
  warmSeconds: 3,
  fanoutStreams: 5_000,
  stormClients: 10_000,
  storedEvents: 50_000,
}
const quick = { seconds: 2, warmSeconds: 1, fanoutStreams: 500, stormClients: 1_000, storedEvents: 5_000 }

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/**
 * Measures several nodes on one Redis, and prints tables.
 * @throws Error with a message for the user.
 */
export async function runCluster(parameters: readonly string[]): Promise<void> {
  const options = {
    part: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const
  const { values } = parseArgs({ args: [...parameters], options })
  if (values.help) return void process.stdout.write(`${usage}\n`)
  if (requireProgram('redis-server') === undefined) throw new Error('There is no redis-server.')
  if (canPin) moveToLoadCore()
  else say('NOT PINNED: this needs two cores and taskset. Servers and load share the cores; compare nothing.')
  process.on('exit', killRunningRedises)
  const rounds = Number(values.rounds ?? (values.quick || values.profile ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number from 1.')
  const effort = { ...(values.quick ? quick : thorough), rounds, say }
  const chosen = choose(values.part)
  const tables: string[] = [await describeRun(effort, values.quick)]
  for (const part of chosen) tables.push(await runPart(part, effort, values.profile))
  const isWhole = values.part === undefined && !values.quick && !values.profile
  if (!isWhole && !values.save) return
  const file = join(root, 'benchmarks/results/cluster.md')
  writeFileSync(file, `# Several nodes on one Redis\n\n${tables.join('\n\n')}\n`)
  say(`Wrote ${file}`)
}

function choose(names: string | undefined): readonly Part[] {
  if (names === undefined) return parts
  return names.split(',').map((name) => {
    const part = parts.find((one) => one.name === name.trim())
    if (part !== undefined) return part
    throw new Error(`No part is called ${name}; there are ${parts.map((one) => one.name).join(', ')}.`)
  })
}

async function runPart(part: Part, effort: ClusterEffort, isProfiling: boolean): Promise<string> {
  const profileTo = isProfiling ? makeScratchFolder() : undefined
  say(`== ${part.name}`)
  const before = loadavg()[0]!
  try {
    const tables = await part.run({ ...effort, profileTo })
    const noise = `Load average of the machine: ${before.toFixed(1)} before, ${loadavg()[0]!.toFixed(1)} at the end.`
    const text = `## ${part.title}\n\n${part.method}\n\n${tables}\n\n${noise}`
    process.stdout.write(`\n${text}\n`)
    if (profileTo !== undefined) process.stdout.write(`\n${writeProfiles(profileTo)}\n`)
    return text
  } finally {
    if (profileTo !== undefined) removeScratchFolder(profileTo)
  }
}

/** The machine, and how restless it was. */
async function describeRun({ rounds }: ClusterEffort, isQuick: boolean): Promise<string> {
  const { cpu, cores, memoryGib, kernel, node, disk, isPinned } = describeMachine(canPin)
  await using redis = await startRedis()
  const version = await redis.info('redis_version')
  const text =
    `${new Date().toISOString().slice(0, 10)}, ${cpu}, ${cores} cores, ${memoryGib} GiB, ${kernel}, Node ${node}, ` +
    `Redis ${version}, Tidings ${packageVersion('tidings')}, ${disk}. ` +
    (isPinned ? 'Nodes and Redis have one core, the load the other. ' : 'NOT PINNED. ') +
    `Medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, sides in turn` +
    `${isQuick ? '; a QUICK run, not for comparison' : ''}. “Spread” is largest less smallest round, by the median.`
  process.stdout.write(`${text}\n`)
  return text
}
