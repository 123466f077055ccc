import { crc32 } from 'node:zlib'
import type { StoredEvent } from '../event-log.ts'
import { damaged } from '../store-refused.ts'

/** The columns of an event, in the order in which {@link eventOf} expects them. */
export const eventColumns =
  'events.seq, events.tag, events.time, events.topic, events.type, events.format, events.payload, events.bytes, events.sum'

type EventRow = readonly [
  seq: number,
  tag: string,
  time: number,
  topic: string,
  type: string,
  format: StoredEvent['format'],
  payload: string,
  bytes: number,
  sum: number,
]

/**
 * The sum stored with an event. SQLite notices a damaged page structure, but not a damaged payload:
 * without this a flipped bit on the disk would be served as if it had been published.
 */
export function checksum(event: StoredEvent, bytes: number): number {
  const { seq, tag, time, topic, type, format, payload } = event
  return crc32(`${seq} ${tag} ${time} ${topic} ${type} ${format} ${bytes} ${payload}`)
}

/**
 * The event in a row.
 * @throws StoreRefused if it is not what was written.
 */
export function eventOf(row: readonly unknown[], path: string): StoredEvent {
  const [seq, tag, time, topic, type, format, payload, bytes, sum] = row as EventRow
  const event: StoredEvent = { seq, tag, time, topic, type, format, payload }
  if (checksum(event, bytes) !== sum) throw damaged(path, `event ${seq} is not what was written`)
  return event
}
