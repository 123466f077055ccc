import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, markdown } from './table.ts'

/** The parts of a `.cpuprofile` that are read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** Microseconds between two samples. */
  readonly timeDeltas: readonly number[]
}

/** A function and the time that was spent in it. */
export interface Hot {
  readonly place: string
  /** Without what it called. */
  ownMs: number
  /** With what it called. */
  totalMs: number
}

/** A thread with less work than this is left out, in milliseconds. */
const quietMs = 200

/** The time of each function, idleness aside, most of its own first. */
export function functionTimes(profile: CpuProfile): Hot[] {
  const hots = new Map<string, Hot>()
  const stacks = stacksOf(profile)
  for (const [index, id] of profile.samples.entries()) {
    const stack = stacks.get(id)!
    if (stack[0] === '(idle)') continue
    const ms = (profile.timeDeltas[index] ?? 0) / 1000
    // A set: a function that calls itself has its time once.
    for (const place of new Set(stack)) {
      const hot = hots.get(place) ?? { place, ownMs: 0, totalMs: 0 }
      hots.set(place, hot)
      hot.totalMs += ms
      if (place === stack[0]) hot.ownMs += ms
    }
  }
  return [...hots.values()].sort((a, b) => b.ownMs - a.ownMs)
}

/** Reports on every profile in a folder: two tables for each thread that did something. */
export function writeProfiles(folder: string, count = 20): string {
  const reports = readdirSync(folder)
    .filter((file) => file.endsWith('.cpuprofile'))
    .sort()
    .map((file) => functionTimes(JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile))
    .map((hots) => ({ hots, busyMs: hots.reduce((sum, { ownMs }) => sum + ownMs, 0) }))
    .filter(({ busyMs }) => busyMs > quietMs)
    .map(({ hots, busyMs }) => {
      const ownCode = hots.filter(({ place }) => place.includes('.ts:')).sort((a, b) => b.totalMs - a.totalMs)
      return [
        `A thread that was busy for ${format(busyMs, 0)} ms. Where it was:`,
        hotTable(hots.slice(0, count), busyMs),
        'What it was there for:',
        hotTable(ownCode.slice(0, count), busyMs),
      ].join('\n\n')
    })
  return reports.length === 0 ? 'No thread left a profile.' : reports.join('\n\n')
}

function hotTable(hots: readonly Hot[], busyMs: number): string {
  const rows = hots.map(({ place, ownMs, totalMs }) => [
    place,
    format(ownMs, 0),
    format((ownMs / busyMs) * 100, 1),
    format(totalMs, 0),
    format((totalMs / busyMs) * 100, 1),
  ])
  return markdown(['function', 'own ms', '%', 'with callees ms', '%'], rows)
}

/** For each node its own place and its callers', innermost first. */
function stacksOf({ nodes }: CpuProfile): Map<number, readonly string[]> {
  const stacks = new Map<number, readonly string[]>()
  const callers = new Map(
    nodes.flatMap(({ id, children }) => (children ?? []).map((child) => [child, id] as const)),
  )
  // Callers come before those they call, so that a caller's stack is always there.
  for (const { id, callFrame } of nodes) {
    stacks.set(id, [placeOf(callFrame), ...(stacks.get(callers.get(id) ?? -1) ?? [])])
  }
  return stacks
}

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const file = url
    .replace(/^file:\/\//, '')
    .split('/')
    .slice(-2)
    .join('/')
  return `${name} ${file}:${lineNumber + 1}`
}
