import { type RedisOptions, RedisServer } from '../../../tests/support/redis-server.ts'
import { moveToServerCore } from '../servers/cores.ts'
import { makeScratchFolder } from '../servers/scratch-folder.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import { startTidings } from '../servers/tidings.ts'

const running = new Set<RedisServer>()

/** Starts a Redis on the servers' core; it ends with its scope. */
export async function startRedis(config: RedisOptions['config'] = {}): Promise<RedisServer> {
  const redis = await RedisServer.start({ folder: makeScratchFolder(), config })
  running.add(redis)
  moveToServerCore(redis.pid)
  return redis
}

/** Ends what still runs, at once: for the end of this process, which cannot wait. */
export function killRunningRedises(): void {
  for (const redis of running) if (redis.isRunning) redis.signal('SIGKILL')
}

/** Which nodes to start. */
export interface NodesOptions {
  readonly count: number
  /** What they share; each has an embedded file of its own, if absent. */
  readonly redis?: RedisServer | undefined
  readonly flags?: readonly string[]
  readonly profileTo?: string | undefined
}

/** Nodes in processes of their own. Those that are profiled end in order, the others at once. */
export class Nodes implements AsyncDisposable {
  readonly all: readonly ServerProcess[]
  readonly #isProfiled: boolean

  static async start({ count, redis, flags = [], profileTo }: NodesOptions): Promise<Nodes> {
    const store = redis === undefined ? [] : ['--store', redis.url]
    const started: ServerProcess[] = []
    const nodes = new Nodes(started, profileTo !== undefined)
    try {
      for (let index = 0; index < count; index++) {
        const options = { data: makeScratchFolder(), profileTo }
        const drain = profileTo === undefined ? [] : ['--drain-ms', '100ms']
        started.push(await startTidings(options, undefined, [...store, ...drain, ...flags]))
      }
      return nodes
    } catch (error) {
      await nodes[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(all: readonly ServerProcess[], isProfiled: boolean) {
    this.all = all
    this.#isProfiled = isProfiled
  }

  get pids(): readonly number[] {
    return this.all.map(({ pid }) => pid)
  }

  get ports(): readonly number[] {
    return this.all.map(({ port }) => port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((node) => (this.#isProfiled ? node.stop() : node.kill())))
  }
}
