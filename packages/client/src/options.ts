import type { Schemas } from './schema.ts'
import type { FailedHandler, InvalidEvent } from './stream.ts'

/** A token, or how to get one: called for each connection, for a renewal before it expires, and once after a 401. */
export type TokenSource =
  | string
  | ((request: TokenRequest) => string | undefined | Promise<string | undefined>)

/** Why a token is asked for. */
export interface TokenRequest {
  /** `connect` for a new connection; `renew` before the old one expires; `rejected`: the last one was answered 401. */
  readonly reason: 'connect' | 'renew' | 'rejected'
  readonly signal: AbortSignal
}

/** Where a stream's place is kept, so that a reload of the page goes on from it. */
export interface CursorStore {
  /** The last id that was put; `undefined` or `null` if there is none. */
  get(): string | null | undefined | Promise<string | null | undefined>
  /** Called at most once a second, and when the page is left. */
  put(id: string): void | Promise<void>
}

/** How a stream connects. Only `url` is needed, and in a page not even that. */
export interface ConnectOptions<Events extends Schemas = Schemas> {
  /** Address of the stream; relative to the page. `/events` if absent. */
  readonly url?: string | URL | undefined
  /** Topics and patterns (PROTOCOL §2). `add` and `remove` change them on the open stream. */
  readonly topics?: Iterable<string> | undefined
  /** Only events of these types; all, if absent. */
  readonly types?: Iterable<string> | undefined
  /** Begin with this many of the newest events: 0 to 1,000. Only for a stream that has no place to go on from. */
  readonly last?: number | undefined
  /** A bearer token. A stream that was given one never connects without. */
  readonly token?: TokenSource | undefined
  /** Headers of your own, asked for at each connection. They do not follow a redirect to another origin. */
  readonly headers?:
    | Readonly<Record<string, string>>
    | (() => HeaderRecord | Promise<HeaderRecord>)
    | undefined
  /** `GET` if absent. */
  readonly method?: string | undefined
  /** Sent with each connection; a stream that can be read once would not do. */
  readonly body?: string | Uint8Array<ArrayBuffer> | URLSearchParams | undefined
  /** Whether cookies go along: `same-origin` if absent. */
  readonly credentials?: RequestCredentials | undefined
  /** A schema (zod, valibot, arktype …) for the data of each type: handlers are typed, and data is checked. */
  readonly events?: Events | undefined
  /** Called when data is not what its schema says: no handler gets it. A line on the console, if absent. */
  readonly onInvalid?: ((invalid: InvalidEvent) => void) | undefined
  /** Called when a handler fails: the event counts as handled. Reported like any uncaught error, if absent. */
  readonly onError?: ((failed: FailedHandler) => void) | undefined
  /** Where to begin: an id. */
  readonly lastEventId?: string | undefined
  /** Keeps the place over reloads: `session` for this tab's session storage, or a store of yours. */
  readonly store?: 'session' | CursorStore | undefined
  /**
   * Whether tabs of one browser share one connection. A text names who shares, e.g. the user's id: tabs of different
   * users must not. `true` is for pages that have but one user.
   */
  readonly shared?: boolean | string | undefined
  /** Closes the stream when it aborts. */
  readonly signal?: AbortSignal | undefined
  /** The largest event, in bytes; a larger one ends the connection with an error. 1 MiB if absent. */
  readonly maxEventBytes?: number | undefined
  /** How often at least something arrives, for servers that do not say: after twice that in silence the link is dead. */
  readonly heartbeatMs?: number | undefined
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined
  /** Whether it waits for `resume()` instead of connecting at once. */
  readonly paused?: boolean | undefined
}

/** Headers by name. */
export type HeaderRecord = Readonly<Record<string, string>>
