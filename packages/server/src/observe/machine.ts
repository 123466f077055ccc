import { cpus, freemem, loadavg, totalmem } from 'node:os'
import { performance } from 'node:perf_hooks'

/** How the machine and this process are doing. Percentages are of 100, with one decimal. */
export interface MachineSample {
  /** When, in ISO 8601. */
  readonly time: string
  readonly cpu: {
    /** Of all cores together, since the sample before. */
    readonly percent: number
    readonly cores: number
    /** This process, of one core, since the sample before; threads can bring it above 100. */
    readonly processPercent: number
    /** Processes that run or want to: over 1, 5 and 15 minutes. */
    readonly load: readonly [number, number, number]
  }
  readonly memory: {
    readonly usedBytes: number
    readonly totalBytes: number
    readonly percent: number
    /** Resident memory of this process. */
    readonly processBytes: number
  }
  readonly eventLoop: {
    /** How long the turn in which the sample before was taken went on, in milliseconds. */
    readonly delayMs: number
    /** How busy the main thread was since the sample before. */
    readonly percent: number
  }
}

/**
 * Makes a function that measures the machine each time it is called. Rates are since the call before, and for
 * the first call since this one. It holds no timer: nobody listening costs nothing.
 */
export function createMachineSampler(): () => MachineSample {
  let machine = machineTimes()
  let own = process.cpuUsage()
  let loop = performance.eventLoopUtilization()
  let at = performance.now()
  let delayMs = 0

  return () => {
    const [machineBefore, ownBefore, loopBefore, atBefore] = [machine, own, loop, at]
    machine = machineTimes()
    own = process.cpuUsage()
    loop = performance.eventLoopUtilization()
    at = performance.now()
    const asked = at
    setImmediate(() => {
      delayMs = performance.now() - asked
    })
    const ownMs = (own.user + own.system - ownBefore.user - ownBefore.system) / 1000
    const [total, used] = [totalmem(), totalmem() - freemem()]
    return {
      time: new Date().toISOString(),
      cpu: {
        percent: percent(machine.busy - machineBefore.busy, machine.all - machineBefore.all),
        cores: machine.cores,
        processPercent: percent(ownMs, at - atBefore),
        load: loadavg().map((load) => Math.round(load * 100) / 100) as [number, number, number],
      },
      memory: {
        usedBytes: used,
        totalBytes: total,
        percent: percent(used, total),
        processBytes: process.memoryUsage.rss(),
      },
      eventLoop: {
        delayMs: Math.round(delayMs * 100) / 100,
        percent: percent(performance.eventLoopUtilization(loop, loopBefore).utilization, 1),
      },
    }
  }
}

interface MachineTimes {
  readonly cores: number
  readonly busy: number
  readonly all: number
}

function machineTimes(): MachineTimes {
  let all = 0
  let idle = 0
  const cores = cpus()
  for (const { times } of cores) {
    all += times.user + times.nice + times.sys + times.idle + times.irq
    idle += times.idle
  }
  return { cores: cores.length, busy: all - idle, all }
}

function percent(part: number, whole: number): number {
  // The kernel counts in ticks: two samples in one tick have nothing between them, and a tick can run backwards.
  if (whole <= 0) return 0
  return Math.max(0, Math.round((part / whole) * 1000) / 10)
}
