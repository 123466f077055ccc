import type { NewEvent } from '@tidings/protocol'

/** What an event counts for in retention: the bytes of its payload, topic and type as UTF-8. */
export function eventSize(event: NewEvent): number {
  return Buffer.byteLength(event.payload) + Buffer.byteLength(event.topic) + Buffer.byteLength(event.type)
}
