import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** The core that servers run on, and the one that the load comes from. */
const serverCore = '0'
const loadCore = '1'

/** Whether there are two cores to keep apart, and the program that does it. */
export const canPin = availableParallelism() > 1 && hasTaskset()

/** A command that runs with all its threads on the servers' core. */
export function onServerCore(command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', serverCore, ...command] : command
}

/** Moves this process, the load, to its core. */
export function moveToLoadCore(): void {
  if (canPin) execFileSync('taskset', ['-a', '-c', '-p', loadCore, String(process.pid)], { stdio: 'ignore' })
}

/** Moves a process with all its threads to the servers' core. */
export function moveToServerCore(pid: number): void {
  if (canPin) execFileSync('taskset', ['-a', '-c', '-p', serverCore, String(pid)], { stdio: 'ignore' })
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
