import type { EventSourceConstructor, EventSource as EventSourceInterface } from './event-source/interface.ts'
import { StandardEventSource } from './event-source/standard-event-source.ts'

export { ErrorEvent } from './event-source/error-event.ts'
export type {
  EventSourceBody,
  EventSourceInit,
  EventSourceRequest,
  HeadersLike,
} from './event-source/init.ts'
export type { EventSourceConstructor, EventSourceEventMap } from './event-source/interface.ts'

/** A stream of events that comes back by itself, as the HTML standard has it (9.2). */
export type EventSource = EventSourceInterface

/** The standard's `EventSource`, with headers, method, body, `fetch` and `maxEventBytes` besides. */
// Of EventTarget's methods the compiler knows that listeners get an Event, but not which type has a MessageEvent.
export const EventSource: EventSourceConstructor = StandardEventSource as EventSourceConstructor
