import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { requireProgram } from './programs.ts'
import { type RedisReply, redisCommand } from './redis-command.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'
import { until, within } from './until.ts'

/** How to run a Redis. */
export interface RedisOptions {
  /** Where its files live; a folder of its own that goes when the server does, if absent. */
  readonly folder?: string
  /** Directives of its configuration, beside or instead of the durable ones. */
  readonly config?: Readonly<Record<string, string>>
}

/** Nothing that was answered is lost, and nothing is thrown away: what Tidings asks of a Redis. */
const durable = {
  appendonly: 'yes',
  appendfsync: 'always',
  save: '',
  'maxmemory-policy': 'noeviction',
  // A replica gets its copy at once rather than after five seconds.
  'repl-diskless-sync-delay': '0',
}

/** A real Redis in a process of its own, on a port and in a folder that it keeps over restarts. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly folder: string
  readonly #ownFolder: TempFolder | undefined
  readonly #config: Map<string, string>
  #child: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #output = ''

  /** Starts a Redis and waits until it answers. Ends with its scope: `await using redis = …`. */
  static async start(options: RedisOptions = {}): Promise<RedisServer> {
    const redis = await RedisServer.prepare(options)
    await redis.start()
    return redis
  }

  /** A Redis that is not running yet. */
  static async prepare(options: RedisOptions = {}): Promise<RedisServer> {
    const folder = options.folder === undefined ? await tempFolder() : undefined
    return new RedisServer(options, await freePort(), folder)
  }

  private constructor({ folder, config }: RedisOptions, port: number, ownFolder: TempFolder | undefined) {
    this.#ownFolder = ownFolder
    this.#config = new Map(Object.entries({ ...durable, ...config }))
    this.port = port
    this.folder = folder ?? ownFolder!.path
  }

  /** The address, as `TIDINGS_STORE` takes it. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error('Redis is not running.')
    return pid
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  /** Everything that all its processes have written. */
  get output(): string {
    return this.#output
  }

  /** Starts it, also after an end, on the same port and with the files that are in its folder. */
  async start(): Promise<void> {
    const program = requireProgram('redis-server')
    if (program === undefined) throw new Error('There is no redis-server.')
    const address = ['--port', String(this.port), '--bind', '127.0.0.1', '--protected-mode', 'no']
    const config = [...this.#config].flatMap(([key, value]) => [`--${key}`, value])
    const child = spawn(program, [...address, '--dir', this.folder, ...config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
    this.#ended = once(child, 'exit').then(() => {
      this.#child = undefined
    })
    await until(
      () => `Redis to answer; it says: ${this.#output}`,
      async () => this.#child === undefined || (await this.command('PING')) === 'PONG',
    )
    if (this.#child === undefined) throw new Error(`Redis has ended: ${this.#output}`)
  }

  /** Sends a signal, e.g. `SIGSTOP` and `SIGCONT`. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /** Ends the process with a signal and waits for its end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#child === undefined) return
    this.signal(signal)
    // One that was stopped would never hear of it.
    if (signal !== 'SIGKILL') this.signal('SIGCONT')
    await within(`the end of Redis after ${signal}`, 30_000, this.#ended)
  }

  /** Ends it in order: Redis writes what it has and closes its files. */
  async stop(): Promise<void> {
    await this.kill('SIGTERM')
  }

  /**
   * Sends one command on a connection of its own.
   * @throws Error with what Redis says when it refuses.
   */
  command(...args: readonly (string | number)[]): Promise<RedisReply> {
    return redisCommand(this.port, args)
  }

  /** One field of `INFO`, e.g. `master_repl_offset`. */
  async info(field: string): Promise<string | undefined> {
    const text = (await this.command('INFO', 'everything')) as string
    return new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(text)?.[1]
  }

  /** Deletes everything. */
  async flush(): Promise<void> {
    await this.command('FLUSHALL')
  }

  /** Changes a directive, now if it runs, and for later starts. */
  async config(directive: string, value: string): Promise<void> {
    this.#config.set(directive, value)
    if (this.isRunning) await this.command('CONFIG', 'SET', directive, value)
  }

  /** Follows another Redis and waits until it has everything of it; its master, if it follows one, is left. */
  async replicaOf(other: RedisServer): Promise<void> {
    await this.command('REPLICAOF', '127.0.0.1', other.port)
    await until('the replica to be in step', async () => {
      const [link, own, its] = await Promise.all([
        this.info('master_link_status'),
        this.info('slave_repl_offset'),
        other.info('master_repl_offset'),
      ])
      return link === 'up' && Number(own) >= Number(its)
    })
  }

  /** Follows nobody any more, and takes writes. */
  async promote(): Promise<void> {
    await this.command('REPLICAOF', 'NO', 'ONE')
  }

  /** Copies its files, as a backup does; it must stand still, or have ended. */
  async copyTo(folder: string): Promise<void> {
    await cp(this.folder, folder, { recursive: true })
  }

  /** Puts files in the place of its own; it must not run. */
  async restoreFrom(folder: string): Promise<void> {
    if (this.isRunning) throw new Error('Redis runs: it would write over what is restored.')
    for (const name of await readdir(this.folder)) {
      await rm(join(this.folder, name), { recursive: true, force: true })
    }
    await cp(folder, this.folder, { recursive: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGKILL')
    await this.#ownFolder?.[Symbol.asyncDispose]()
  }
}
