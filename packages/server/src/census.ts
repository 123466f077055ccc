import { hash } from 'node:crypto'
import { formatCursor, type NodeStats, type Stats } from '@tidings/protocol'
import type { Hub } from './hub/hub.ts'
import type { EventLog } from './log/event-log.ts'
import { countWithinMs, type Peers } from './peers/peers.ts'

/** How long what others have said counts, in milliseconds: a page that many look at asks them once a second. */
const memoryMs = 1_000

/** Enough of a digest that two users have the same by no chance, in characters of base64url. */
const digestLength = 11

/** What is counted. */
export interface Counted {
  readonly hub: Hub
  readonly log: EventLog
  readonly peers: Peers
  readonly connections: { readonly size: number }
}

/** What one process says about itself. */
interface Report {
  readonly node: NodeStats
  /** Digests of its users: the sum of all processes counts each once. */
  readonly users: readonly string[]
}

/**
 * Counts streams, users and listeners, in all processes that serve the log. Whoever does not answer does not
 * count: there are no numbers that a process could leave behind when it dies.
 */
export class Census {
  readonly #counted: Counted
  readonly #startedAt = performance.now()
  #others: Promise<readonly Report[]> | undefined
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(counted: Counted) {
    this.#counted = counted
    const { peers, hub } = counted
    peers.answer('census', (): Report => ({ node: this.#node(), users: this.#users() }))
    peers.answer('audience', (topics) => (topics as string[]).map((topic) => hub.audience([topic])))
  }

  /** @param everywhere whether other processes are asked; without them, their streams do not count. */
  async stats(everywhere: boolean): Promise<Stats> {
    const { log, hub, peers } = this.#counted
    const [{ floor, head, bytes }, others] = await Promise.all([
      log.bounds(),
      everywhere && peers.others > 0 ? this.#askOthers() : [],
    ])
    const { buffered, counters, presence } = hub
    const nodes = [this.#node(), ...others.map(({ node }) => node)]
    const users = others.length === 0 ? presence.size : unionSize(this.#users(), others)
    return {
      totalConnections: sum(nodes, ({ connections }) => connections),
      uniqueUsers: users,
      eventsBuffered: buffered.events,
      bytesBuffered: buffered.bytes,
      totalEventsPublished: counters.published,
      totalEventsSent: sum(nodes, ({ eventsSent }) => eventsSent),
      totalBytesSent: sum(nodes, ({ bytesSent }) => bytesSent),
      eventsStored: head.seq - floor.seq,
      bytesStored: bytes,
      epoch: head.epoch,
      head: formatCursor(head),
      durability: log.durability,
      uptimeSeconds: nodes[0]!.uptimeSeconds,
      nodes,
      store: log.health,
    }
  }

  /** How many streams want each of these topics, in all processes. */
  async audiences(topics: readonly string[]): Promise<number[]> {
    const { hub, peers } = this.#counted
    const counts = topics.map((topic) => hub.audience([topic]))
    for (const { answer } of await peers.askAll('audience', topics)) {
      for (const [index, streams] of (answer as number[]).entries()) counts[index]! += streams
    }
    return counts
  }

  #askOthers(): Promise<readonly Report[]> {
    if (this.#others !== undefined && performance.now() - this.#askedAt < memoryMs) return this.#others
    this.#askedAt = performance.now()
    this.#others = this.#counted.peers
      .askAll('census', null, countWithinMs)
      .then((answers) => answers.map(({ answer }) => answer as Report))
    return this.#others
  }

  #node(): NodeStats {
    const { peers, hub, connections } = this.#counted
    return {
      id: peers.id,
      connections: connections.size,
      users: hub.presence.size,
      eventsSent: hub.counters.sent,
      bytesSent: hub.counters.sentBytes,
      uptimeSeconds: Math.round((performance.now() - this.#startedAt) / 1_000),
    }
  }

  #users(): string[] {
    return Array.from(this.#counted.hub.presence.names(), digestOf)
  }
}

function unionSize(own: readonly string[], others: readonly Report[]): number {
  const users = new Set(own)
  for (const report of others) for (const user of report.users) users.add(user)
  return users.size
}

/** Who it is need not be told to find out whether it is the same. */
function digestOf(user: string): string {
  return hash('sha1', user, 'base64url').slice(0, digestLength)
}

function sum(nodes: readonly NodeStats[], count: (node: NodeStats) => number): number {
  return nodes.reduce((total, node) => total + count(node), 0)
}
