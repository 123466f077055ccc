import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Channel } from '../support/channel.ts'

/**
 * `open`; `held`: nothing passes, and what was sent arrives when the road is open again, as over a network that was
 * away for a moment; `lost`: nothing passes, and nobody is told; `refused`: every connection is reset.
 */
type Passage = 'open' | 'held' | 'lost' | 'refused'

interface Link {
  readonly node: Socket
  readonly redis: Socket
  readonly up: Channel
  readonly down: Channel
  /** Whether it is the connection on which the node waits for what is new. */
  isTail: boolean
}

/** What only a tail says. */
const tailCommand = 'XREAD'

/** The road between one node and Redis: it can be cut, and it can lead to another Redis. */
export class RedisRoad implements AsyncDisposable {
  readonly #server: Server
  readonly #links = new Set<Link>()
  #target: number
  #passage: Passage = 'open'
  #latencyMs = 0

  /** Begins at a port of its own. */
  static async to(target: number): Promise<RedisRoad> {
    const road = new RedisRoad(target)
    road.#server.listen(0, '127.0.0.1')
    await once(road.#server, 'listening')
    return road
  }

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer({ allowHalfOpen: true }, (node) => this.#link(node))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Connections that pass through now. */
  get size(): number {
    return this.#links.size
  }

  /** How many of them are tails. */
  get tails(): number {
    return [...this.#links].filter(({ isTail }) => isTail).length
  }

  /** Lets everything pass. What has lost bytes would talk nonsense, and is reset. */
  open(): void {
    const hasLost = this.#passage === 'lost'
    this.#become('open')
    if (hasLost) this.cut()
  }

  /** What Redis says arrives so much later. */
  slow(latencyMs: number): void {
    this.#latencyMs = latencyMs
    this.#become(this.#passage)
  }

  hold(): void {
    this.#become('held')
  }

  lose(): void {
    this.#become('lost')
  }

  refuse(): void {
    this.#become('refused')
    this.cut()
  }

  /** Resets every connection; new ones pass. */
  cut(): void {
    for (const { node, redis } of this.#links) {
      node.resetAndDestroy()
      redis.resetAndDestroy()
    }
  }

  /** Throws away whatever Redis tells the tails that are open now, and nothing else; new connections are whole. */
  starveTails(): void {
    for (const link of this.#links) if (link.isTail) link.down.set({ isBlackhole: true })
  }

  /** Keeps back what Redis answers, but not what it tells the tails, until the road is open again. */
  holdAnswers(): void {
    for (const link of this.#links) if (!link.isTail) link.down.set({ isPaused: true })
  }

  /** Leads whoever connects from now on to another Redis, tails first of all: they are reset, and come back. */
  divertTails(target: number): void {
    this.#target = target
    for (const { node, redis, isTail } of this.#links) {
      if (!isTail) continue
      node.resetAndDestroy()
      redis.resetAndDestroy()
    }
  }

  /** Leads to another Redis from now on: connections to the one before are reset. */
  leadTo(target: number): void {
    this.#target = target
    this.cut()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#become('refused')
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #become(passage: Passage): void {
    this.#passage = passage
    for (const link of this.#links) this.#apply(link)
  }

  #apply({ up, down }: Link): void {
    const settings = { isPaused: this.#passage === 'held', isBlackhole: this.#passage === 'lost' }
    up.set(settings)
    down.set({ ...settings, latencyMs: this.#latencyMs })
  }

  #link(node: Socket): void {
    if (this.#passage === 'refused') {
      node.on('error', () => {})
      node.resetAndDestroy()
      return
    }
    const redis = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true })
    const [up, down] = [new Channel(node, redis, {}), new Channel(redis, node, {})]
    const link: Link = { node, redis, up, down, isTail: false }
    this.#links.add(link)
    node.on('data', (bytes) => {
      link.isTail ||= bytes.includes(tailCommand)
    })
    for (const [socket, other] of [
      [node, redis],
      [redis, node],
    ] as const) {
      socket.setNoDelay(true)
      socket.on('error', () => other.resetAndDestroy())
      socket.on('close', () => {
        if (!other.writableEnded) other.end()
        this.#links.delete(link)
      })
    }
    this.#apply(link)
  }
}
