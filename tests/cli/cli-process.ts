import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { tidingsCommand } from '../support/server-process.ts'
import { until, within } from '../support/until.ts'

/** How a command ended, and what it wrote. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How to run a command. */
export interface CliOptions {
  readonly input?: string | Uint8Array
  readonly env?: NodeJS.ProcessEnv
  readonly folder?: string
}

/** A `tidings` command in a process of its own. */
export class CliProcess implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams
  stdout = ''
  stderr = ''
  readonly ended: Promise<Finished>

  constructor(args: readonly string[], { env = {}, folder = tmpdir() }: Omit<CliOptions, 'input'> = {}) {
    const [program, ...before] = tidingsCommand
    const clean = Object.entries(process.env).filter(([name]) => !/^(TIDINGS_|PORT$|FORCE_COLOR$)/.test(name))
    this.child = spawn(program!, [...before, ...args], {
      cwd: folder,
      env: { ...Object.fromEntries(clean), NO_COLOR: '1', ...env },
    })
    // A command that ends before it has read everything is no fault of the test.
    this.child.stdin.on('error', () => {})
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.ended = once(this.child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }))
  }

  /** Complete lines that it has written to standard output. */
  get lines(): readonly string[] {
    return this.stdout.split('\n').slice(0, -1)
  }

  /** Waits until standard error holds a text. */
  async says(text: string): Promise<void> {
    await until(
      () => `the command to say "${text}"; it says: ${this.stderr}`,
      () => this.stderr.includes(text),
    )
  }

  finish(timeoutMs = 60_000): Promise<Finished> {
    const what = () => `the command to end; it says: ${this.stderr}`
    return within(what, timeoutMs, this.ended)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    await this.ended
  }
}

/** Runs a command to its end. */
export async function tidings(args: readonly string[], options: CliOptions = {}): Promise<Finished> {
  await using command = new CliProcess(args, options)
  command.child.stdin.end(options.input ?? '')
  return await command.finish()
}
