/** An event. Blocks without data are none. */
export interface EventSourceMessage {
  /** The event's own id; empty if it has none. */
  id: string
  /** The `event:` name; empty if it has none, or if it is `message`, which means the same. */
  event: string
  /** The `data:` lines, joined by LF. */
  data: string
  /** What the server has said with this event, or since the one before, about the pause before another try, in milliseconds. */
  retry?: number
}

/** What `fetch` may be told, and what is called when. */
export interface FetchEventSourceInit extends RequestInit {
  /** Sent with each try. They, and the body, do not follow a redirect to another origin, unless `redirect` is given. */
  headers?: Record<string, string>
  /** Called with each answer, before it is read; what it throws counts as a failure. If absent, the media type is checked. */
  onopen?: (response: Response) => Promise<void>
  /** Called with each event; what it throws counts as a failure. */
  onmessage?: (event: EventSourceMessage) => void
  /** Called when the server has ended the stream; what it throws counts as a failure, and so another try follows. */
  onclose?: () => void
  /**
   * Called with each failure. A number is the pause before another try, in milliseconds; without one, it is the
   * server's `retry`, or a second. What it throws ends everything, and rejects the promise. A promise is waited for.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: the other package's type, which handlers were written for.
  // biome-ignore lint/suspicious/noExplicitAny: code that was written for the other package reads what it likes of an error.
  onerror?: (error: any) => number | null | undefined | void
  /** Whether the connection stays while the page is hidden. If not, it is closed, and opened again when the page is shown. */
  openWhenHidden?: boolean
  /** Used in place of the global `fetch`. */
  fetch?: typeof fetch
  /** The largest event, in bytes; a larger one is a failure. 16 MiB if absent. */
  maxEventBytes?: number | undefined
}
