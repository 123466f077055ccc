import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { until } from './until.ts'

/** `strace` on a running process: makes its system calls fail, wait or kill it. */
export class Tracer implements AsyncDisposable {
  readonly #child: ChildProcess
  #output = ''

  /**
   * Attaches to all threads of a process.
   * @param program where `strace` is.
   * @param injections e.g. `fsync,fdatasync:error=EIO:when=1+`; counted from now on, for each thread.
   */
  static async attach(program: string, pid: number, ...injections: readonly string[]): Promise<Tracer> {
    const calls = injections.map((injection) => injection.split(':')[0]!)
    const injecting = injections.flatMap((injection) => ['-e', `inject=${injection}`])
    const args = ['-f', '-p', String(pid), '-e', `trace=${calls.join()}`, ...injecting]
    const tracer = new Tracer(spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] }))
    await until(
      () => `strace to attach; it says: ${tracer.#output}`,
      () => tracer.#output.includes(' attached'),
    )
    return tracer
  }

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text
    })
  }

  /** What it saw: one line a call. */
  get output(): string {
    return this.#output
  }

  /** Lets the process go on as if nothing had been. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
  }
}

/** The calls by which a commit reaches the disk. */
export const syncCalls = 'fsync,fdatasync'
