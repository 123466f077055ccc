import { readdirSync, readFileSync } from 'node:fs'

/** Length of the kernel's clock tick in seconds: USER_HZ is 100 on every Linux that Node runs on. */
const tickSeconds = 0.01

/** CPU time that a process, its threads and its children have used, in seconds. */
export function cpuSeconds(pid: number): number {
  return processTree(pid).reduce((total, one) => total + ownCpuSeconds(one), 0)
}

/** CPU time that the whole machine has used on all cores, other guests' theft included, in seconds. */
export function machineCpuSeconds(): number {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .slice('cpu '.length)
    .trimStart()
    .split(' ', 8)
    .map(Number)
  return (user! + nice! + system! + irq! + softirq! + steal!) * tickSeconds
}

/** Memory of a process and its children in KiB: what they share is counted once (PSS). */
export function memoryKiB(pid: number): number {
  return processTree(pid).reduce((total, one) => total + ownMemoryKiB(one), 0)
}

function processTree(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(processTree)]
}

function ownCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may hold spaces; after it, utime and stime are the 12th and 13th fields.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickSeconds
}

function ownMemoryKiB(pid: number): number {
  return Number(/^Pss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))![1])
}
