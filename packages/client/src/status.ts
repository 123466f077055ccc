import type { Gap } from '@tidings/protocol'

/** What a stream is doing just now. */
export type StateName =
  /** Closed, or not opened yet. */
  | 'idle'
  /** The request is under way. */
  | 'connecting'
  /** Connected; what was missed is arriving. */
  | 'catching-up'
  /** Connected; events arrive as they happen. */
  | 'live'
  /** Not connected; tries again at `retryAtMs`. */
  | 'waiting'
  /** The device has no network, or the page is left; tries as soon as it has, or is seen again. */
  | 'offline'
  /** Not connected, by the application's wish. */
  | 'paused'
  /** Not connected, and to try again would not help: see `trouble`. */
  | 'refused'

/** What kind of trouble there was. */
export type TroubleCode =
  /** The connection could not be made, or broke. */
  | 'network'
  /** Nothing arrived for too long, not even a heartbeat. */
  | 'silent'
  /** The server ended the response without a word. */
  | 'ended'
  /** The server said goodbye (PROTOCOL §5.6). */
  | 'goodbye'
  /** The server answered with an error status. */
  | 'status'
  /** The server answered 204: do not come back. */
  | 'no-content'
  /** The answer is no event stream. */
  | 'media-type'
  /** A redirect that would carry headers of yours to where they may not go. */
  | 'redirect'
  /** An event is larger than `maxEventBytes`. */
  | 'too-large'
  /** `token()` failed, or gave none. */
  | 'token'
  /** The server refuses a topic that was added: it is not wanted any more, and the stream goes on as it was. */
  | 'topics'
  /** A part of this application failed: `headers()`, or a store. */
  | 'application'

/** Why a stream is not connected. */
export interface Trouble {
  readonly code: TroubleCode
  /** In words, with the remedy: for developers, not for users. */
  readonly message: string
  /** The HTTP status, if there was one. */
  readonly status?: number | undefined
  /** The server's own code for it (PROTOCOL §9), e.g. `forbidden`, or the reason of a goodbye, e.g. `drain`. */
  readonly problem?: string | undefined
}

/** Coming back after an absence. */
export interface Return {
  /** When all that was missed had arrived, in milliseconds since 1970. */
  readonly atMs: number
  /** How long the stream was away, in milliseconds. */
  readonly awayMs: number
  /** How many events were missed and arrived late. */
  readonly replayed: number
}

/** Everything about a stream's connection; a new, frozen object whenever something of it changes. */
export interface Status {
  readonly state: StateName
  /** How many tries in a row have failed; 0 once a connection has proven good. */
  readonly attempt: number
  /** Why it is not connected; the last trouble, while it tries again. */
  readonly trouble: Trouble | undefined
  /** When it tries again, in milliseconds since 1970, while `waiting`. */
  readonly retryAtMs: number | undefined
  /** Since when it is not connected, in milliseconds since 1970; `undefined` while it is. */
  readonly awaySinceMs: number | undefined
  /** The id to go on from: everything up to it was handled here. */
  readonly lastEventId: string | undefined
  /** When the last event arrived, in milliseconds since 1970. */
  readonly lastEventAtMs: number | undefined
  /** What the server calls this connection (PROTOCOL §5.4). */
  readonly clientId: string | undefined
  /** The last return from an absence. */
  readonly returned: Return | undefined
  /** The last gap: events that are missing for good. Reload what you show; `dismissGap()` forgets it. */
  readonly gap: Gap | undefined
  /** Whether this tab holds the connection, for itself or for others, or lets another tab hold it. */
  readonly role: 'alone' | 'leader' | 'follower'
}
