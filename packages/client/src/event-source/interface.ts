import type { ErrorEvent } from './error-event.ts'
import type { EventSourceInit } from './init.ts'

/** The events of an `EventSource` that have one type for all servers. */
export interface EventSourceEventMap {
  open: Event
  message: MessageEvent
  error: ErrorEvent
}

type Listener<Type extends keyof EventSourceEventMap> = (
  this: EventSource,
  event: EventSourceEventMap[Type],
) => unknown
type MessageListener = (this: EventSource, event: MessageEvent) => unknown
type ListenerObject = ((event: Event) => void) | { handleEvent(event: Event): void }

/** A stream of events that comes back by itself, as the HTML standard has it (9.2). It fits wherever the browser's fits. */
export interface EventSource extends EventTarget {
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSED: 2
  /** The address it was made with, absolute. */
  readonly url: string
  readonly withCredentials: boolean
  /** `CONNECTING`, also while it waits to come back; `OPEN`; `CLOSED` for good. */
  readonly readyState: number
  onopen: ((this: EventSource, event: Event) => unknown) | null
  onmessage: ((this: EventSource, event: MessageEvent) => unknown) | null
  onerror: ((this: EventSource, event: ErrorEvent) => unknown) | null
  /** Ends the connection for good. No event comes any more. */
  close(): void
  addEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: Listener<Type>,
    options?: boolean | AddEventListenerOptions,
  ): void
  addEventListener(type: string, listener: MessageListener, options?: boolean | AddEventListenerOptions): void
  addEventListener(
    type: string,
    listener: ListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void
  removeEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: Listener<Type>,
    options?: boolean | EventListenerOptions,
  ): void
  removeEventListener(type: string, listener: MessageListener, options?: boolean | EventListenerOptions): void
  removeEventListener(
    type: string,
    listener: ListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void
}

/** What makes an `EventSource`. */
export interface EventSourceConstructor {
  readonly prototype: EventSource
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSED: 2
  /**
   * Connects at once.
   * @throws DOMException `SyntaxError` if `url` is none; TypeError if `fetch` would refuse headers, method or body.
   */
  new (url: string | URL, init?: EventSourceInit): EventSource
}
