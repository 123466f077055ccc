import type { Durability } from './durability.ts'

/** What one process of those that serve a log together holds and has done. */
export interface NodeStats {
  /** Its name, another after each start. The names of its streams begin with it. */
  readonly id: string
  readonly connections: number
  /** Users with a stream there; whoever has streams at several is counted at each. */
  readonly users: number
  readonly eventsSent: number
  readonly bytesSent: number
  readonly uptimeSeconds: number
}

/** How a store does, for those who run it. */
export interface StoreHealth {
  /** What it is. */
  readonly engine: 'memory' | 'sqlite' | 'redis'
  /**
   * `up`; `unavailable`, when nothing can be stored or read now; `starved`, when it seems to be there, and yet what is
   * stored does not arrive.
   */
  readonly state: 'up' | 'unavailable' | 'starved'
  /** Why it is not up, in a sentence. */
  readonly reason?: string
  /** What its settings allow that loses events, each with its remedy. */
  readonly warnings: readonly string[]
}

/**
 * What a server holds and has done, in numbers: the answer of `GET /api/stats`. Streams, users and deliveries are
 * those of all processes that serve this log and answer within a moment.
 */
export interface Stats {
  readonly totalConnections: number
  /** Users with at least one stream, wherever: whoever has several is counted once. */
  readonly uniqueUsers: number
  /** Events and bytes in the memory of this process, from which readers that are a little behind are served. */
  readonly eventsBuffered: number
  readonly bytesBuffered: number
  /** Events that came to this process from the log since its start. */
  readonly totalEventsPublished: number
  /** Deliveries since the start of each process: events times the streams that got them. */
  readonly totalEventsSent: number
  readonly totalBytesSent: number
  /** Events kept in the log, and the bytes that retention counts. */
  readonly eventsStored: number
  readonly bytesStored: number
  readonly epoch: string
  /** The id after which the next event comes. */
  readonly head: string
  readonly durability: Durability
  /** Of this process. */
  readonly uptimeSeconds: number
  /** The processes that serve this log, this one first. */
  readonly nodes: readonly NodeStats[]
  readonly store: StoreHealth
}
