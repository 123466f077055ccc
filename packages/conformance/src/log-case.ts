import type { EventLog } from 'tidings/log'

/** What a case asks of the engine's test when it opens a log. */
export interface OpenOptions {
  /** How long idempotency keys must be remembered, in milliseconds. */
  readonly idempotencyWindowMs?: number
}

/** An empty log, made for one case. */
export interface OpenedLog {
  readonly log: EventLog
  /** Closes the log and opens what it stored again, if the engine outlives its process. */
  readonly reopen?: () => Promise<EventLog>
  /** Closes what is open and removes what was stored. */
  clean(): Promise<void>
}

/** Opens an empty log. */
export type OpenLog = (options?: OpenOptions) => Promise<OpenedLog>

/** One rule of the contract. */
export interface LogCase {
  /** The rule, as a sentence. */
  readonly name: string
  /** Rejects if the engine breaks the rule. */
  readonly check: (open: OpenLog) => Promise<void>
}

/** A rule that is checked on one empty log. */
export function rule(name: string, check: (log: EventLog) => Promise<void>): LogCase {
  return ruleOfOpening(name, {}, ({ log }) => check(log))
}

/** A rule that is checked on a log opened in its own way, or opened again. */
export function ruleOfOpening(
  name: string,
  options: OpenOptions,
  check: (opened: OpenedLog) => Promise<void>,
): LogCase {
  return {
    name,
    async check(open) {
      const opened = await open(options)
      try {
        await check(opened)
      } finally {
        await opened.clean()
      }
    },
  }
}

/** Opens the stored log again. An engine that cannot lists the rule among its exceptions. */
export function reopened({ reopen }: OpenedLog): Promise<EventLog> {
  if (reopen === undefined) throw new Error('This engine does not reopen: list the rule as an exception.')
  return reopen()
}
