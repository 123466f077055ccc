import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, markdown } from './table.ts'

/** The parts of a `.cpuprofile` that are read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** Microseconds between two samples. */
  readonly timeDeltas: readonly number[]
}

/** A function and the time that was spent in it, without what it called. */
export interface Hot {
  readonly place: string
  readonly ms: number
  /** Of the time in which the thread was not idle, 0 to 1. */
  readonly share: number
}

/** A thread with less work than this is left out, in milliseconds. */
const quietMs = 200

/** The functions in which a thread spent most of its time. */
export function hottest(
  profile: CpuProfile,
  count: number,
): { readonly busyMs: number; readonly functions: Hot[] } {
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
  const times = new Map<string, number>()
  for (const [index, id] of profile.samples.entries()) {
    const place = places.get(id)!
    if (place !== '(idle)')
      times.set(place, (times.get(place) ?? 0) + (profile.timeDeltas[index] ?? 0) / 1000)
  }
  const busyMs = [...times.values()].reduce((sum, ms) => sum + ms, 0)
  const functions = [...times]
    .map(([place, ms]) => ({ place, ms, share: ms / busyMs }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, count)
  return { busyMs, functions }
}

/** Reports on every profile in a folder: a table for each thread that did something. */
export function writeProfiles(folder: string, count = 20): string {
  const tables = readdirSync(folder)
    .filter((file) => file.endsWith('.cpuprofile'))
    .sort()
    .map((file) => hottest(JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile, count))
    .filter(({ busyMs }) => busyMs > quietMs)
    .map(({ busyMs, functions }) => {
      const rows = functions.map(({ place, ms, share }) => [place, format(ms, 0), format(share * 100, 1)])
      return `A thread that was busy for ${format(busyMs, 0)} ms:\n\n${markdown(['function', 'ms', '%'], rows)}`
    })
  return tables.length === 0 ? 'No thread left a profile.' : tables.join('\n\n')
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
