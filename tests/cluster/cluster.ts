import type { Settings } from '../../packages/server/src/config/settings.ts'
import { getText } from '../support/get-text.ts'
import { Publisher, type PublisherOptions } from '../support/publisher.ts'
import { type RedisOptions, RedisServer } from '../support/redis-server.ts'
import { ServerProcess } from '../support/server-process.ts'
import { type ReaderOptions, SseReader } from '../support/sse-reader.ts'
import { until } from '../support/until.ts'
import { RedisRoad } from './redis-road.ts'

/** What to run. */
export interface ClusterOptions {
  /** How many nodes; three, if absent. */
  readonly nodes?: number
  readonly redis?: RedisOptions
  readonly settings?: Partial<Settings>
}

/** One node with its own road to Redis. */
export interface ClusterNode {
  readonly server: ServerProcess
  readonly road: RedisRoad
}

/** What a node says of itself. */
export interface Readiness {
  readonly status: number
  readonly text: string
}

/** Often enough for a test to see where a quiet stream stands. */
const heartbeatMs = 200

/** Real nodes on one real Redis. Everything ends with its scope: `await using cluster = …`. */
export class Cluster implements AsyncDisposable {
  readonly redis: RedisServer
  readonly nodes: readonly ClusterNode[]
  #stack: AsyncDisposableStack

  /** Starts Redis and all nodes, and waits until they are ready. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = await Cluster.prepare(options)
    try {
      await cluster.redis.start()
      await Promise.all(cluster.nodes.map(({ server }) => server.start()))
      return cluster
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The same, but nothing runs yet. */
  static async prepare({ nodes = 3, redis: config, settings }: ClusterOptions = {}): Promise<Cluster> {
    await using stack = new AsyncDisposableStack()
    const redis = stack.use(await RedisServer.prepare(config))
    const prepared: ClusterNode[] = []
    for (let count = 0; count < nodes; count++) {
      const road = stack.use(await RedisRoad.to(redis.port))
      const store = `redis://127.0.0.1:${road.port}`
      const server = await ServerProcess.prepare({ settings: { heartbeatMs, store, ...settings } })
      prepared.push({ server: stack.use(server), road })
    }
    return new Cluster(redis, prepared, stack.move())
  }

  private constructor(redis: RedisServer, nodes: readonly ClusterNode[], stack: AsyncDisposableStack) {
    this.redis = redis
    this.nodes = nodes
    this.#stack = stack
  }

  get ports(): readonly number[] {
    return this.nodes.map(({ server }) => server.port)
  }

  node(index: number): ClusterNode {
    return this.nodes[index]!
  }

  /** Publishes to all nodes in turn, and asks again until it knows. */
  publisher(name: string, options: Partial<PublisherOptions> = {}): Publisher {
    return new Publisher({ port: this.ports, isPersistent: true, name, ...options })
  }

  /** Reads from one node after the other, whenever it has to connect anew. */
  reader(
    topics: readonly string[],
    { first = 0, ...options }: Partial<ReaderOptions> & { readonly first?: number } = {},
  ): Promise<SseReader> {
    const { ports } = this
    const port = [...ports.slice(first % ports.length), ...ports.slice(0, first % ports.length)]
    const name = `${topics.join()} from node ${first % ports.length}`
    return SseReader.open({ port, topics, name, reconnect: 'at-once', ...options })
  }

  /** On each node a reader of everything and one of a single topic. */
  async readers(topic: string, options: Partial<ReaderOptions> = {}): Promise<SseReader[]> {
    return Promise.all(
      this.nodes.flatMap((_, first) => [
        this.reader(['**'], { first, ...options }),
        this.reader([topic], { first, ...options }),
      ]),
    )
  }

  /** Keeps all nodes from Redis. */
  part(): void {
    for (const { road } of this.nodes) road.refuse()
  }

  /** Lets all nodes to Redis again. */
  rejoin(): void {
    for (const { road } of this.nodes) road.open()
  }

  /** The newest number that a Redis holds, read from it directly. */
  async newest(redis = this.redis): Promise<number> {
    return Number((await redis.command('HGET', 'tidings:{main}:log', 'head')) ?? 0)
  }

  /** The epoch of the log, read from Redis directly. */
  async epoch(): Promise<string> {
    return String(await this.redis.command('HGET', 'tidings:{main}:log', 'epoch'))
  }

  /** What a node answers at /readyz. */
  async readiness(index: number): Promise<Readiness> {
    return getText(`${this.node(index).server.url}/readyz`)
  }

  /** Waits until every node is ready. */
  async isReady(timeoutMs = 60_000): Promise<void> {
    await until(
      () => `all nodes to be ready; they say ${this.nodes.map(({ server }) => server.output.slice(-500))}`,
      async () => (await Promise.all(this.nodes.map(({ server }) => server.isReady()))).every(Boolean),
      { timeoutMs, everyMs: 20 },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}
