import type { Contender } from '../servers/contender.ts'

/** How much work a run puts into each measurement. */
export interface Effort {
  /** Length of a measured window, in seconds. */
  readonly seconds: number
  /** Before it, not measured: JIT compilers and caches warm up. */
  readonly warmSeconds: number
  /** How long streams idle before memory is read, in seconds. */
  readonly idleSeconds: number
  /** Events in the file of the cases that begin with a large log. */
  readonly bigLogEvents: number
  /** Where the servers' CPU profiles go, if they are wanted. */
  readonly profileTo?: string | undefined
}

/** What one round measured, by column. */
export type Metrics = Readonly<Record<string, number>>

/** One number of a case, and how the table shows it. */
export interface Column {
  readonly key: string
  readonly title: string
  /** Digits after the point. */
  readonly digits: number
}

/** A median by server and column; `undefined` if that server was not measured. */
export type Lookup = (server: string, key: string) => number | undefined

/** A claim that a run confirms or not. */
export interface Target {
  readonly text: string
  /** What was measured, in the target's unit, and whether that is enough; `undefined` if something is missing. */
  check(median: Lookup): { readonly measured: number; readonly isReached: boolean } | undefined
}

/** One thing that is measured side by side. */
export interface Case {
  readonly name: string
  readonly title: string
  /** What exactly is done, for the reader of the table. */
  readonly method: string
  /** Names of the servers that take part, in the table's order. */
  readonly servers: readonly string[]
  readonly columns: readonly Column[]
  /** The column that each server's ratio to Tidings is shown of, if that means something. */
  readonly ratioOf?: string
  /** Columns that the README shows; absent for a case that only Tidings runs. */
  readonly headlines?: readonly string[]
  readonly targets: readonly Target[]
  /** Measures once, on a server that it starts and ends. */
  run(contender: Contender, effort: Effort): Promise<Metrics>
}

/** At least so much. */
export function atLeast(text: string, limit: number, value: (median: Lookup) => number | undefined): Target {
  return { text, check: (median) => judge(value(median), (measured) => measured >= limit) }
}

/** At most so much. */
export function atMost(text: string, limit: number, value: (median: Lookup) => number | undefined): Target {
  return { text, check: (median) => judge(value(median), (measured) => measured <= limit) }
}

/** The quotient of two medians; `undefined` if one is missing. */
export function quotient(over: number | undefined, under: number | undefined): number | undefined {
  return over === undefined || under === undefined ? undefined : over / under
}

function judge(measured: number | undefined, isEnough: (measured: number) => boolean) {
  return measured === undefined || Number.isNaN(measured)
    ? undefined
    : { measured, isReached: isEnough(measured) }
}
