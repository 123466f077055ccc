/** How serious a finding is: `fail` must be mended, `warn` should be looked at. */
export type Level = 'ok' | 'warn' | 'fail'

/** What a check found, and what to do about it. */
export interface Finding {
  readonly level: Level
  /** What was looked at, in a word or two. */
  readonly check: string
  /** One sentence; with the remedy, if one is needed. */
  readonly text: string
}

export function ok(check: string, text: string): Finding {
  return { level: 'ok', check, text }
}

export function warn(check: string, text: string): Finding {
  return { level: 'warn', check, text }
}

export function fail(check: string, text: string): Finding {
  return { level: 'fail', check, text }
}
