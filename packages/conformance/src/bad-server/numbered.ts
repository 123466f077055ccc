import type { Behaviour, Exchange } from './exchange.ts'
import type { StreamOptions } from './streams.ts'
import { stream } from './streams.ts'

/** How long a client that lost a numbered stream is to wait, in milliseconds: not long, for it is only tried out. */
const retryMs = 50

/** What a numbered stream says of the events after one, up to the last: `id: 3` and `data: 3`. */
export function numberedEvents(after: number, last: number): string {
  const numbers = Array.from({ length: Math.max(0, last - after) }, (_, index) => after + index + 1)
  return `retry: ${retryMs}\n\n${numbers.map((number) => `id: ${number}\ndata: ${number}\n\n`).join('')}`
}

/** A good stream of events that are numbered from 1, or from the one after `Last-Event-ID`: what is lost or comes twice is seen. */
export function numbered(last: number, options?: StreamOptions): Behaviour {
  return (exchange) => stream(numberedEvents(placeOf(exchange), last), options)(exchange)
}

/** The number of the last event that the client has. */
export function placeOf({ request }: Exchange): number {
  const place = Number(request.headers['last-event-id'] ?? 0)
  return Number.isSafeInteger(place) ? place : 0
}
