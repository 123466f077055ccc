import type { ServerProcess } from '../servers/server-process.ts'
import { machineCpuSeconds } from '../servers/usage.ts'
import type { Column } from './case.ts'

export interface WindowResult {
  readonly seconds: number
  /** CPU time of the server with all its threads and children, in seconds. */
  readonly serverCpuSeconds: number
  /** Share of a core that the server used, in percent. */
  readonly serverShare: number
  /** Share of a core that the load generator used, in percent. Near 100, it may itself have been the limit. */
  readonly loadShare: number
  /** Share of a core that neither of them used, in percent: other programs, which disturb the measurement. */
  readonly otherShare: number
}

/** The columns that every window fills. */
export const windowColumns: readonly Column[] = [
  { key: 'serverShare', title: 'server CPU %', digits: 0 },
  { key: 'loadShare', title: 'load CPU %', digits: 0 },
  { key: 'otherShare', title: 'other CPU %', digits: 0 },
]

/** Measures the CPU that a server, the load and everything else use from now on. */
export function openWindow(server: ServerProcess): () => WindowResult {
  const startedAt = performance.now()
  const serverBefore = server.cpuSeconds
  const loadBefore = process.cpuUsage()
  const machineBefore = machineCpuSeconds()
  return () => {
    const seconds = (performance.now() - startedAt) / 1000
    const { user, system } = process.cpuUsage(loadBefore)
    const loadCpuSeconds = (user + system) / 1e6
    const serverCpuSeconds = server.cpuSeconds - serverBefore
    const otherSeconds = machineCpuSeconds() - machineBefore - serverCpuSeconds - loadCpuSeconds
    const percent = 100 / seconds
    return {
      seconds,
      serverCpuSeconds,
      serverShare: serverCpuSeconds * percent,
      loadShare: loadCpuSeconds * percent,
      otherShare: Math.max(0, otherSeconds) * percent,
    }
  }
}
