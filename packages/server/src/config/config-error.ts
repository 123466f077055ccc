/** One mistake in the configuration. */
export interface ConfigProblem {
  /** The setting, or the unknown name. */
  readonly key: string
  /** Where it was found, e.g. `flag --port` or `file tidings.config.json`. */
  readonly source: string
  /** What is wrong and what to do. */
  readonly remedy: string
}

/** The configuration is refused. The message lists everything that is wrong, one mistake a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ key, source, remedy }) => `${key} (${source}) ${remedy}.`)
    super(lines.length === 1 ? lines[0] : [`${lines.length} settings are wrong:`, ...lines].join('\n  '))
    this.problems = problems
  }
}
