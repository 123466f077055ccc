import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { type End, endOf } from './end-of.ts'
import { until, within } from './until.ts'

/** One of the example apps, as a process of its own, started as `npm start` starts it. */
export class AppProcess implements AsyncDisposable {
  readonly #folder: string
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined
  #ended: Promise<End> = Promise.resolve({ code: null, signal: null })
  #output = ''
  #url: string | undefined

  /**
   * Starts an app on a free port and waits until it says where it is.
   * @param folder the app's own, with its package.json.
   */
  static async start(folder: string, env: Readonly<Record<string, string>> = {}): Promise<AppProcess> {
    const app = new AppProcess(folder, env)
    await app.start()
    return app
  }

  private constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.#folder = folder
    this.#env = env
  }

  /** Where it is reached, also after a restart. */
  get url(): string {
    if (this.#url === undefined) throw new Error('The app has not said where it is.')
    return this.#url
  }

  /** Everything that it has written. */
  get output(): string {
    return this.#output
  }

  /** Starts it, after an end on the same port as before. */
  async start(): Promise<void> {
    const { scripts } = JSON.parse(await readFile(`${this.#folder}/package.json`, 'utf8'))
    const [program, ...args] = (scripts.start as string).split(' ')
    if (program !== 'node') throw new Error(`"${scripts.start}" does not start Node.`)
    const port = this.#url === undefined ? '0' : new URL(this.#url).port
    const child = spawn(process.execPath, args, {
      cwd: this.#folder,
      env: { ...process.env, ...this.#env, PORT: port },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream!.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
    child.once('exit', () => {
      this.#child = undefined
    })
    this.#ended = endOf(child)
    this.#url = await this.says(/^http:\/\/127\.0\.0\.1:\d+$/m)
  }

  /** Waits for something in what it writes. */
  async says(words: RegExp): Promise<string> {
    const found = await until(
      () => `the app to say ${words}; it says: ${this.#output}`,
      () => words.exec(this.#output) ?? this.#child === undefined,
    )
    if (found === true) throw new Error(`The app ended before it said ${words}: ${this.#output}`)
    return found[0]
  }

  /** Ends it with a signal and waits for its end. */
  async kill(signal: NodeJS.Signals, timeoutMs = 30_000): Promise<End> {
    this.#child?.kill(signal)
    return within(
      () => `the end of the app after ${signal}; it says: ${this.#output}`,
      timeoutMs,
      this.#ended,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGKILL')
  }
}
