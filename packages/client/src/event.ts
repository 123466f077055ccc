/** An event as it arrived. */
export interface TidingsEvent<Data = unknown> {
  /** Its cursor (PROTOCOL §4.1); the empty string if the server gave none. */
  readonly id: string
  /** The SSE `event:` name; `message` if the server gave none. */
  readonly type: string
  /** The payload as JSON, or the text itself if it is no JSON. What a schema made of it, if there is one for the type. */
  readonly data: Data
  /** The payload as it arrived. */
  readonly text: string
  /** Where it was published; `undefined` if the server does not say. */
  readonly topic: string | undefined
  /** When the server took it, in milliseconds since 1970; when it arrived here, if the server does not say. */
  readonly timeMs: number
  /** Whether it was missed, and arrived while catching up. */
  readonly isReplayed: boolean
}
