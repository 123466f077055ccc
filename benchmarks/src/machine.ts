import { execFileSync } from 'node:child_process'
import { cpus, release, tmpdir, totalmem } from 'node:os'

/** Where a run took place. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGib: number
  readonly kernel: string
  readonly node: string
  /** File system that the logs were written to: on `tmpfs`, "durable" would mean nothing. */
  readonly disk: string
  /** Whether servers and load had a core each. */
  readonly isPinned: boolean
}

export function describeMachine(isPinned: boolean): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    node: process.versions.node,
    disk: fileSystem(tmpdir()),
    isPinned,
  }
}

/** A short name for the kind of machine, for file names. */
export function machineKind({ cpu, cores }: Pick<Machine, 'cpu' | 'cores'>): string {
  const words = cpu
    .toLowerCase()
    .replaceAll(/\(r\)|\(tm\)|@.*$/g, '')
    .match(/[a-z0-9]+/g) ?? ['unknown']
  return `${words.slice(0, 3).join('-')}-${cores}-cores`
}

function fileSystem(folder: string): string {
  try {
    return execFileSync('stat', ['-f', '-c', '%T', folder], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
