import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Settings } from '../../packages/server/src/config/settings.ts'
import type { Sample } from '../history/resources.ts'
import { type End, endOf } from './end-of.ts'
import { freePort } from './free-port.ts'
import { getText } from './get-text.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'
import { until, within } from './until.ts'

/** How to run a server. */
export interface ServerOptions {
  /** Where the log lives; a folder of its own that goes when the server does, if absent. */
  readonly data?: string
  readonly settings?: Partial<Settings>
  readonly env?: NodeJS.ProcessEnv
  /** A command to run the server under, e.g. `['strace', '-D', …]`; the server must stay its own process. */
  readonly under?: readonly string[]
}

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const main = resolve(repository, 'packages/server/src/cli/main.ts')

/** What ends up in front of every `tidings` command line in tests. */
export const tidingsCommand: readonly string[] = [
  process.execPath,
  '--conditions=tidings-source',
  '--disable-warning=ExperimentalWarning',
  main,
]

/** A real server in a process of its own, on a port and in a folder that it keeps over restarts. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number
  readonly data: string
  readonly #options: ServerOptions
  readonly #folder: TempFolder | undefined
  #child: ChildProcess | undefined
  #ended: Promise<End> = Promise.resolve({ code: null, signal: null })
  #output = ''

  /** Starts a server and waits until it is ready. Ends with its scope: `await using server = …`. */
  static async start(options: ServerOptions = {}): Promise<ServerProcess> {
    const server = await ServerProcess.prepare(options)
    await server.start()
    return server
  }

  /** A server that is not running yet. */
  static async prepare(options: ServerOptions = {}): Promise<ServerProcess> {
    const folder = options.data === undefined ? await tempFolder() : undefined
    return new ServerProcess(options, await freePort(), folder)
  }

  private constructor(options: ServerOptions, port: number, folder: TempFolder | undefined) {
    this.#options = options
    this.#folder = folder
    this.port = port
    this.data = options.data ?? folder!.path
  }

  get url(): string {
    return `${this.isSecure ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }

  /** Whether it speaks HTTPS, with a certificate that nobody but its test knows. */
  get isSecure(): boolean {
    return this.#options.settings?.tlsCert !== undefined
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error('The server is not running.')
    return pid
  }

  /** Everything that all its processes have written. */
  get output(): string {
    return this.#output
  }

  /** How the running process ends: resolves when all that it wrote is in `output`. */
  get ended(): Promise<End> {
    return this.#ended
  }

  /** Starts it, also after an end, on the same port and folder. */
  async start(overrides: Pick<ServerOptions, 'under' | 'env'> = {}): Promise<void> {
    this.launch(overrides)
    let end: End | undefined
    void this.#ended.then((value) => {
      end = value
    })
    await until(
      () => `the server to be ready; it says: ${this.#output}`,
      async () => end !== undefined || (await this.isReady()),
      { timeoutMs: 60_000 },
    )
    if (end !== undefined) throw new Error(`The server ended with ${end.code ?? end.signal}: ${this.#output}`)
  }

  /** Starts it without waiting. */
  launch({ under = this.#options.under ?? [], env = {} }: Pick<ServerOptions, 'under' | 'env'> = {}): void {
    const serve = ['serve', '--port', String(this.port), '--data', this.data]
    const [program, ...args] = [...under, ...tidingsCommand, ...serve]
    const child = spawn(program!, args, {
      cwd: this.data,
      env: {
        ...foreignEnvironment(),
        ...asEnvironment(this.#options.settings),
        ...this.#options.env,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream!.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
    child.once('exit', () => {
      this.#child = undefined
    })
    this.#ended = endOf(child)
  }

  async isReady(): Promise<boolean> {
    return (await getText(`${this.url}/readyz`)).status === 200
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /** Ends the process with a signal and waits for its end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL', timeoutMs = 60_000): Promise<End> {
    if (this.#child === undefined) return this.#ended
    this.signal(signal)
    return within(`the end of the server after ${signal}`, timeoutMs, this.#ended)
  }

  /** What the process holds now, from the system's own books. */
  async sample(): Promise<Sample> {
    const [status, descriptors] = await Promise.all([
      readFile(`/proc/${this.pid}/status`, 'utf8'),
      readdir(`/proc/${this.pid}/fd`),
    ])
    const rss = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]
    return { rssBytes: Number(rss) * 1024, descriptors: descriptors.length }
  }

  /** One figure of the Prometheus page; several with that name are added up. */
  async metric(name: string): Promise<number> {
    const { text } = await getText(`${this.url}/metrics`)
    const values = text.split('\n').flatMap((line) => {
      const [head = '', value] = line.split(' ')
      return head.replace(/\{.*/, '') === name ? [Number(value)] : []
    })
    if (values.length === 0) throw new Error(`/metrics has no ${name}.`)
    return values.reduce((sum, value) => sum + value)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A stopped process does not even notice that it is killed while a tracer holds it.
    if (this.#child !== undefined) await this.kill('SIGKILL')
    await this.#folder?.[Symbol.asyncDispose]()
  }
}

/** What this process was given, without variables that would configure the server. */
function foreignEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TIDINGS_|PORT$)/.test(name)))
}

function asEnvironment(settings: Partial<Settings> = {}): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => {
      const name = key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
      return [`TIDINGS_${name}`, Array.isArray(value) ? value.join() : String(value)]
    }),
  )
}
