import type { Durability } from './durability.ts'

/** What a server holds and has done, in numbers: the answer of `GET /api/stats`. */
export interface Stats {
  readonly totalConnections: number
  readonly uniqueUsers: number
  /** Events and bytes in memory, from which readers that are a little behind are served. */
  readonly eventsBuffered: number
  readonly bytesBuffered: number
  /** Events that came from the log since the start. */
  readonly totalEventsPublished: number
  /** Deliveries since the start: events times the streams that got them. */
  readonly totalEventsSent: number
  readonly totalBytesSent: number
  /** Events kept in the log, and the bytes that retention counts. */
  readonly eventsStored: number
  readonly bytesStored: number
  readonly epoch: string
  /** The id after which the next event comes. */
  readonly head: string
  readonly durability: Durability
  readonly uptimeSeconds: number
}
