import type { IncomingHttpHeaders } from 'node:http'

/** A request as it came home, for tests to ask about. */
export interface ReceivedRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** By lower-case name. A value is what the bytes are in latin1, as Node gives it: see `textOf` for UTF-8. */
  readonly headers: Readonly<IncomingHttpHeaders>
  /** The `Origin` header; `undefined` if there is none. */
  readonly origin: string | undefined
  /** The body as UTF-8; empty if there is none. */
  readonly body: string
  /** When it came, in milliseconds of `performance.now()`. */
  readonly atMs: number
  /** Bytes of the answer's body that have been handed to the network up to now. */
  readonly sentBytes: number
  /** Resolves when its connection, or the answer to it, has come to an end, whoever ended it. */
  readonly closed: Promise<void>
  /** Whether it has. */
  readonly isClosed: boolean
}

/** The text of a header whose bytes are UTF-8, as `Last-Event-ID` is: Node hands them out as latin1. */
export function textOf(header: string | readonly string[] | undefined): string | undefined {
  return header === undefined ? undefined : Buffer.from(String(header), 'latin1').toString('utf8')
}
