import { parseArgs } from 'node:util'
import { checkConduct, checkHistory, plantBugs, type Sample } from '../tests/history/index.ts'
import { readLog, settledHistory } from '../tests/support/verdict.ts'
import { SoakBench } from './soak-bench.ts'
import { anyFault } from './soak-faults.ts'

/**
 * Lets faults happen at random to three nodes on one Redis under load, judges everything that publishers were answered
 * and readers saw, and follows what the node holds that is never ended. Prints a table; ends with 1 if a promise was
 * broken or something grew.
 *
 *     npm run soak -- --minutes 10 --seed 4711
 */

const minuteMs = 60_000
const mebibyte = 1024 * 1024

/** Between two looks at what the node holds, in milliseconds. */
const sampleMs = 2_000

/** What counts as flat, from a third of the run on: a node's heap breathes by some MiB. */
const flat = { mebibytesPerMinute: 1, descriptors: 3 }

interface Happened {
  count: number
  /** Until all nodes were ready and publishes flowed again, in milliseconds. */
  longestRecoveryMs: number
}

interface TimedSample extends Sample {
  readonly minute: number
}

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes and --seed are numbers')

process.stdout.write(`soak: ${minutes} minutes, seed ${seed}\n`)
const isSound = await soak()
process.exitCode = isSound ? 0 : 1

async function soak(): Promise<boolean> {
  await using bench = await SoakBench.start(seed)
  await bench.traffic.flows(100)
  const start = performance.now()
  const samples: TimedSample[] = []
  const sampling = setInterval(() => {
    const minute = (performance.now() - start) / minuteMs
    bench.cluster
      .node(0)
      .server.sample()
      .then(
        (sample) => samples.push({ minute, ...sample }),
        () => {},
      )
  }, sampleMs)
  const happened = new Map<string, Happened>()
  try {
    while (performance.now() - start < minutes * minuteMs) await misfortune(bench, happened)
  } finally {
    clearInterval(sampling)
  }
  await bench.traffic.stop()
  printFaults(happened)
  const isKept = await judge(bench)
  const isFlat = printHeld(samples, bench.atRest, await bench.empty())
  return isFlat && isKept
}

/** One fault, and the recovery from it. */
async function misfortune(bench: SoakBench, happened: Map<string, Happened>): Promise<void> {
  const { name, run } = anyFault(bench)
  process.stdout.write(`  ${new Date().toISOString().slice(11, 19)}  ${name}\n`)
  await run(bench)
  const over = performance.now()
  await bench.cluster.isReady(20_000)
  await bench.traffic.flows(30)
  await bench.checkEpochs(name)
  const known = happened.get(name) ?? { count: 0, longestRecoveryMs: 0 }
  known.count++
  known.longestRecoveryMs = Math.max(known.longestRecoveryMs, performance.now() - over)
  happened.set(name, known)
}

async function judge(bench: SoakBench): Promise<boolean> {
  const { cluster, traffic, witnesses, crowd, withdrawn, epochs } = bench
  const parties = { publishers: traffic.publishers, readers: witnesses }
  const log = await readLog(cluster.node(0).server.url)
  const history = await settledHistory(log, parties, { epochs, withdrawn })
  const violations = checkHistory(history)
  for (const { server } of cluster.nodes) {
    violations.push(...checkConduct({ output: server.output, unexpectedEnds: [] }))
  }
  const disorders = crowd.reduce((sum, reader) => sum + reader.disorders, 0)
  const { planted, unseen } = plantBugs(history)
  const received = [...witnesses, ...crowd].reduce((sum, reader) => sum + reader.received, 0)
  const connections = [...witnesses, ...crowd].reduce((sum, reader) => sum + reader.connections, 0)
  const gaps = witnesses.map((reader) => reader.said('gap').length)
  print([
    ['events acknowledged', traffic.acknowledged],
    ['of them taken away on purpose', withdrawn.size],
    ['deliveries', received],
    ['connections made', connections],
    ['epochs', epochs.length],
    ['gaps at each stream that keeps everything', `${Math.min(...gaps)} to ${Math.max(...gaps)}`],
    ['deliveries out of order', disorders],
    ['promises broken', violations.length],
    ['kinds of bugs planted, and not seen', `${planted.length}, ${unseen.length} ${unseen.join()}`],
  ])
  for (const { invariant, explanation } of violations.slice(0, 10)) {
    process.stdout.write(`${invariant}: ${explanation}\n`)
  }
  return violations.length === 0 && disorders === 0 && unseen.length === 0
}

function printFaults(happened: ReadonlyMap<string, Happened>): void {
  print(
    [...happened].map(([name, { count, longestRecoveryMs }]) => [
      name,
      `${count} times, recovery within ${Math.round(longestRecoveryMs)} ms`,
    ]),
  )
}

/** Prints what the node held that was never ended, and says whether it was flat. */
function printHeld(samples: readonly TimedSample[], before: Sample, after: Sample): boolean {
  const lowest = lowestOfMinutes(samples)
  const slope = slopeOf(lowest.filter(([minute]) => minute >= minutes / 3))
  print([
    ['memory of the node that lives, lowest each minute', lowest.map(([, mib]) => Math.round(mib)).join(' ')],
    ['its slope after a third of the time, MiB a minute', slope.toFixed(2)],
    ['its descriptors, at most', Math.max(...samples.map(({ descriptors }) => descriptors))],
    ['before anybody came, and when all had gone', `${before.descriptors}, ${after.descriptors}`],
  ])
  return slope < flat.mebibytesPerMinute && after.descriptors - before.descriptors <= flat.descriptors
}

/** The least that was held in each minute: the rest is what the collector had not come to yet. */
function lowestOfMinutes(samples: readonly TimedSample[]): (readonly [number, number])[] {
  const lowest = new Map<number, number>()
  for (const { minute, rssBytes } of samples) {
    const whole = Math.floor(minute)
    lowest.set(whole, Math.min(lowest.get(whole) ?? Number.POSITIVE_INFINITY, rssBytes / mebibyte))
  }
  return [...lowest]
}

/** The slope of the straight line that fits best. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0)
  return points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread
}

function print(rows: readonly (readonly [string, string | number])[]): void {
  for (const [what, value] of rows) process.stdout.write(`${what.padEnd(50)}  ${value}\n`)
  process.stdout.write('\n')
}
