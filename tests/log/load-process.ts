import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { until } from '../support/until.ts'
import type { Load, Report } from './load.ts'

type Kind = Report['kind']
type Of<K extends Kind> = Extract<Report, { readonly kind: K }>

/** A process that appends to a log without pause, and what it has reported. */
export class LoadProcess implements AsyncDisposable {
  readonly reports: Report[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #errors = ''

  /** Starts it and waits until it has opened the log. */
  static async start(load: Load, env: Readonly<Record<string, string>> = {}): Promise<LoadProcess> {
    const started = new LoadProcess(load, env)
    await started.reported('opened')
    return started
  }

  private constructor(load: Load, env: Readonly<Record<string, string>>) {
    const program = fileURLToPath(new URL('load-program.ts', import.meta.url))
    this.#child = spawn(process.execPath, ['--conditions=tidings-source', program, JSON.stringify(load)], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const lines = createInterface({ input: this.#child.stdout! })
    lines.on('line', (line) => this.reports.push(JSON.parse(line)))
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
    const drained = once(lines, 'close')
    this.#ended = once(this.#child, 'exit').then(async ([code]) => {
      await drained
      return code
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  all<K extends Kind>(kind: K): Of<K>[] {
    return this.reports.filter((report): report is Of<K> => report.kind === kind)
  }

  /** Waits for a number of reports of a kind, counted from the start. */
  async reported(kind: Kind, count = 1): Promise<void> {
    await until(
      () => `${count} × "${kind}" of ${this.#describe()}`,
      () => {
        if (this.#child.exitCode !== null && this.all(kind).length < count) throw new Error(this.#describe())
        return this.all(kind).length >= count
      },
      { timeoutMs: 30_000, everyMs: 2 },
    )
  }

  /** Waits for more reports of a kind than there are now. */
  reportedMore(kind: Kind, count = 1): Promise<void> {
    return this.reported(kind, this.all(kind).length + count)
  }

  /** Keys that were asked for and never answered. */
  unanswered(): string[] {
    const asked = new Set(this.all('asked').map(({ key }) => key))
    for (const { key } of this.all('acknowledged')) asked.delete(key)
    return [...asked]
  }

  /** Sends a signal and resolves with the exit code once everything that it reported has been read. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal)
    return this.#ended
  }

  get ended(): Promise<number | null> {
    return this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }

  #describe(): string {
    return `the load process (${this.reports.length} reports, exit ${this.#child.exitCode}) ${this.#errors}`
  }
}
