import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { callOnce } from '../load/caller.ts'
import { getRequest } from '../load/request.ts'
import { pause } from '../load/until.ts'
import { onServerCore } from './cores.ts'
import { makeScratchFolder, removeScratchFolder } from './scratch-folder.ts'
import { cpuSeconds, memoryKiB } from './usage.ts'

export interface ServerCommand {
  readonly command: readonly string[]
  readonly port: number
  /** Answers 2xx when the server is ready. */
  readonly readyPath: string
  /** Whether it speaks HTTPS. */
  readonly isSecure?: boolean
}

/** A server that is not ready within this time is broken; one that does not end is made to. */
const startLimitMs = 60_000
const stopLimitMs = 20_000

/** How often a starting server is asked whether it is ready. */
const readyIntervalMs = 5

const running = new Set<ServerProcess>()

/** A server that the benchmark has started, on the servers' core and in a process group of its own. */
export class ServerProcess {
  readonly port: number
  readonly #folder = makeScratchFolder()
  readonly #child: ChildProcess
  readonly #spawnedAt = performance.now()
  #startMs = Number.NaN

  /**
   * Starts a server and waits until it is ready.
   * @throws Error with the end of what it has printed, if it ends or is not ready in time.
   */
  static async start(options: ServerCommand): Promise<ServerProcess> {
    const server = new ServerProcess(options)
    try {
      await server.#becomeReady(options)
      return server
    } catch (error) {
      const output = server.output.slice(-2_000)
      await server.kill()
      throw new Error(`${options.command.join(' ')}: ${(error as Error).message}\n${output}`, {
        cause: error,
      })
    }
  }

  private constructor({ command, port }: ServerCommand) {
    this.port = port
    const output = openSync(this.#outputFile, 'w')
    const [program, ...parameters] = onServerCore(command)
    this.#child = spawn(program!, parameters, {
      // A group of its own, so that a server's children end with it.
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...process.env, NODE_ENV: 'production' },
    })
    closeSync(output)
    running.add(this)
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** From spawn to the first 2xx of the ready path, in milliseconds. */
  get startMs(): number {
    return this.#startMs
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Everything that the server has printed. */
  get output(): string {
    return readFileSync(this.#outputFile, 'utf8')
  }

  /** CPU time used so far, children included, in seconds. */
  get cpuSeconds(): number {
    return cpuSeconds(this.pid)
  }

  /** Memory now, children included, in KiB. */
  get memoryKiB(): number {
    return memoryKiB(this.pid)
  }

  /** Asks the server to end, and makes it if it does not. */
  stop(): Promise<void> {
    return this.#end('SIGTERM')
  }

  /** Ends the server as a crash would. */
  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  async #becomeReady({ readyPath, isSecure = false }: ServerCommand): Promise<void> {
    const request = getRequest(readyPath)
    while (performance.now() - this.#spawnedAt < startLimitMs) {
      if (!this.isRunning) throw new Error('ended before it was ready')
      const reply = await callOnce(this.port, request, isSecure).catch(() => undefined)
      this.#startMs = performance.now() - this.#spawnedAt
      if (reply !== undefined && reply.status >= 200 && reply.status < 300) return
      await pause(readyIntervalMs)
    }
    throw new Error(`not ready after ${startLimitMs} ms`)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.isRunning) {
      const exited = once(this.#child, 'exit')
      this.signal(signal)
      const limit = setTimeout(() => this.signal('SIGKILL'), stopLimitMs)
      await exited
      clearTimeout(limit)
    }
    running.delete(this)
    removeScratchFolder(this.#folder)
  }

  /** Sends a signal to the server and its children. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  get #outputFile(): string {
    return join(this.#folder, 'output.log')
  }
}

/** Ends what still runs, at once: for the end of this process, which cannot wait. */
export function killRunningServers(): void {
  for (const server of running) if (server.isRunning) server.signal('SIGKILL')
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
