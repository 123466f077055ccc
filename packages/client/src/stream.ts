/// <reference lib="esnext.disposable" preserve="true" />
import type { Connected, Expiring, Gap, Goodbye, Live } from '@tidings/protocol'
import type { TidingsEvent } from './event.ts'
import type { Output, SchemaIssue, Schemas } from './schema.ts'
import type { Status } from './status.ts'

/** What a stream says of itself (PROTOCOL §5.4), under the names that handlers are given. */
export interface StreamEvents {
  /** The connection stands. */
  readonly connected: Connected
  /** All that was missed has arrived. */
  readonly live: Live
  /** Events are missing for good: reload what you show. */
  readonly gap: Gap
  /** The token expires soon; `token` is asked for a new one. */
  readonly expiring: Expiring
  /** The server ends the connection, and says when to come back. */
  readonly goodbye: Goodbye
}

/** An event whose data its schema does not accept. */
export interface InvalidEvent {
  readonly event: TidingsEvent
  readonly issues: readonly SchemaIssue[]
}

/** A handler that threw, or whose promise was rejected. */
export interface FailedHandler {
  readonly event: TidingsEvent
  readonly error: unknown
}

/** The types that there are schemas for. */
export type TypeOf<Events extends Schemas> = Extract<keyof Events, string>

/** Called with an event; a promise is waited for. */
export type Handler<Value> = (value: Value) => unknown

/** Which events a handler wants, and how long. */
export interface HandlerOptions {
  /** Only events of topics that this pattern matches (PROTOCOL §2.2). */
  readonly topic?: string | undefined
  /** Takes the handler away when it aborts. */
  readonly signal?: AbortSignal | undefined
}

/** How events are queued for a loop. */
export interface QueueOptions extends HandlerOptions {
  /** Only events of these types; all, if absent. */
  readonly types?: Iterable<string> | undefined
  /** How many events may wait: 1,000 if absent. */
  readonly limit?: number | undefined
  /**
   * What happens when so many wait. `wait`, the default, stops reading the stream until the loop has taken one: nothing
   * is lost. `drop-oldest` throws the oldest away, for what is only interesting when new.
   */
  readonly overflow?: 'wait' | 'drop-oldest' | undefined
}

/** A subscription, and the connection that serves it: made by `connect()`. */
export interface TidingsStream extends AsyncIterable<TidingsEvent>, AsyncDisposable {
  /**
   * Calls `handler` for each event of a type, in order and one after another: a promise is waited for, and the place to
   * go on from moves only then. `*` is every event. Returns a function that takes the handler away.
   *
   * The names of `StreamEvents` are what a Tidings server says of the stream itself. On any other server they are types
   * like all others.
   */
  on<Name extends keyof StreamEvents>(
    name: Name,
    handler: Handler<StreamEvents[Name]>,
    options?: HandlerOptions,
  ): () => void
  on(type: string, handler: Handler<TidingsEvent>, options?: HandlerOptions): () => void
  /** The events as an async iterator with a bounded queue of its own, which begins now. It ends when the stream is closed. */
  events(options?: QueueOptions): AsyncIterableIterator<TidingsEvent>
  /** The connection as it is; a new object whenever something of it changes. */
  readonly status: Status
  /** Calls `listener` whenever `status` is another object. Returns a function that stops it. */
  onStatus(listener: (status: Status) => void): () => void
  /** What the stream wants now. */
  readonly topics: readonly string[]
  /**
   * Wants these topics too, on the open connection (PROTOCOL §5.8); several calls in one turn are one request. Each `add`
   * wants one `remove`. A handler must not wait for it: it would wait for itself.
   *
   * Resolves when the open stream has them: all later events of theirs arrive. Rejects if the server refuses one, and none
   * of them is wanted then; with `status.trouble` if the stream is `refused`, and they come with the next `reconnect()`; and
   * if the stream is closed. Who does not wait finds it in `status`.
   */
  add(...topics: string[]): Promise<void>
  /** Wants these topics no more. */
  remove(...topics: string[]): void
  /** Forgets `status.gap`: what is shown has been loaded again. */
  dismissGap(): void
  /** Disconnects until `resume()`; what is missed meanwhile arrives then. */
  pause(): void
  resume(): void
  /** Connects at once: now rather than at the next try, and also after `refused`. */
  reconnect(): void
  /** Disconnects for good. Loops over its events end. */
  close(): void
}

/** A stream whose handlers know what each type of event brings. */
export interface TypedStream<Events extends Schemas> extends TidingsStream {
  on<Name extends keyof StreamEvents>(
    name: Name,
    handler: Handler<StreamEvents[Name]>,
    options?: HandlerOptions,
  ): () => void
  on<Type extends TypeOf<Events>>(
    type: Type,
    handler: Handler<TidingsEvent<Output<Events[Type]>>>,
    options?: HandlerOptions,
  ): () => void
  on(type: string, handler: Handler<TidingsEvent>, options?: HandlerOptions): () => void
}
