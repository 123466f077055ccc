import type { Violation } from './history.ts'

/** What a process held at one instant. */
export interface Sample {
  readonly rssBytes: number
  readonly descriptors: number
}

/** What a process may hold: `peak` while the fault lasts, `growth` when it is over. */
export interface ResourceBounds {
  readonly peak: Sample
  readonly growth: Sample
}

/** Judges what a process held before, during and after a fault: it was bounded, and it went back (I7). */
export function checkResources(
  before: Sample,
  during: readonly Sample[],
  after: Sample,
  bounds: ResourceBounds,
): Violation[] {
  const violations: Violation[] = []
  for (const [key, name] of measures) {
    const peak = Math.max(...during.map((sample) => sample[key]), after[key])
    if (peak > bounds.peak[key]) {
      violations.push({
        invariant: 'I7',
        explanation: `It held ${peak} ${name} at its peak; the bound is ${bounds.peak[key]}.`,
      })
    }
    const growth = after[key] - before[key]
    if (growth > bounds.growth[key]) {
      violations.push({
        invariant: 'I7',
        explanation: `It kept ${growth} ${name} more than before; the bound is ${bounds.growth[key]}.`,
      })
    }
  }
  return violations
}

const measures = [
  ['rssBytes', 'bytes of memory'],
  ['descriptors', 'descriptors'],
] as const

/** How a process got on, apart from its answers. */
export interface Conduct {
  /** Everything it wrote to standard output and standard error. */
  readonly output: string
  /** Exit codes and signals that the test did not ask for. */
  readonly unexpectedEnds: readonly string[]
  /** The longest that its event loop stood still, in milliseconds. */
  readonly loopDelayMs?: number
}

/** What a process prints when something was thrown that nobody caught. */
const uncaught = /uncaught ?exception|unhandled ?(promise )?rejection|MaxListenersExceeded|write after end/i

/** Judges a process's conduct: no crash, nothing thrown that nobody caught, no long standstill (I9). */
export function checkConduct(conduct: Conduct, loopDelayMs = 500): Violation[] {
  const violations = conduct.unexpectedEnds.map((end) => `The process ended when it should not have: ${end}.`)
  const line = conduct.output.split('\n').find((text) => uncaught.test(text))
  if (line !== undefined) violations.push(`The process says: ${line}`)
  if ((conduct.loopDelayMs ?? 0) > loopDelayMs) {
    violations.push(
      `The event loop stood still for ${conduct.loopDelayMs} ms; the bound is ${loopDelayMs} ms.`,
    )
  }
  return violations.map((explanation) => ({ invariant: 'I9', explanation }))
}
