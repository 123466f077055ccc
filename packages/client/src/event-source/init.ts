/** Headers by name, as `new Headers()` takes them. */
export type HeadersLike = Headers | Readonly<Record<string, string>> | [name: string, value: string][]

/** The request that an `EventSource` makes; `fetch` takes it as it is. */
export interface EventSourceRequest {
  readonly method: string
  /** A plain object, for `{ ...init.headers, 'X-More': 'of yours' }`. Names are in lower case. */
  readonly headers: Record<string, string>
  readonly body: EventSourceBody | null
  readonly mode: 'cors' | 'same-origin'
  readonly credentials: 'include' | 'same-origin'
  readonly cache: 'no-store'
  readonly redirect: 'follow' | 'manual'
  readonly signal: AbortSignal
}

/** What can be sent again at each connection: a stream could be read but once. */
export type EventSourceBody =
  | string
  | URLSearchParams
  | FormData
  | Blob
  | ArrayBuffer
  | Uint8Array<ArrayBuffer>

/** What an `EventSource` may be told: the standard's `withCredentials`, and more. */
export interface EventSourceInit {
  /** Whether cookies go along to other origins too. */
  withCredentials?: boolean | undefined
  /**
   * More headers, or a function that is asked for them at each connection, e.g. for a token that expires. They do not
   * follow a redirect to another origin.
   */
  headers?: HeadersLike | (() => HeadersLike | Promise<HeadersLike>) | undefined
  /** `GET` if absent. */
  method?: string | undefined
  /** Sent with each connection. It does not follow a redirect to another origin. */
  body?: EventSourceBody | undefined
  /** Used in place of the global `fetch`. */
  fetch?: ((url: string, init: EventSourceRequest) => Promise<Response>) | undefined
  /** The largest event, in bytes; a larger one fails the connection for good. 16 MiB if absent. */
  maxEventBytes?: number | undefined
}
