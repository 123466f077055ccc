import { cpuSeconds, machineCpuSeconds } from '../servers/usage.ts'

/** CPU time that processes used over a window, in seconds. */
export interface Reading {
  readonly seconds: number
  /** Of each process, children included, in the order in which they were given. */
  readonly cpuSeconds: readonly number[]
  readonly loadCpuSeconds: number
  /** Of everything else on the machine: what disturbs the measurement. */
  readonly otherCpuSeconds: number
}

/** Measures the CPU time of some processes, of this one and of everything else, from now on. */
export function openMeter(pids: readonly number[]): () => Reading {
  const startedAt = performance.now()
  const before = pids.map(cpuSeconds)
  const loadBefore = process.cpuUsage()
  const machineBefore = machineCpuSeconds()
  return () => {
    const used = pids.map((pid, index) => cpuSeconds(pid) - before[index]!)
    const { user, system } = process.cpuUsage(loadBefore)
    const loadCpuSeconds = (user + system) / 1e6
    const known = used.reduce((sum, one) => sum + one, loadCpuSeconds)
    return {
      seconds: (performance.now() - startedAt) / 1000,
      cpuSeconds: used,
      loadCpuSeconds,
      otherCpuSeconds: Math.max(0, machineCpuSeconds() - machineBefore - known),
    }
  }
}
