/** Event types that the server alone sends (§5.4): a publish that uses one is refused. */
export const controlTypes = Object.freeze(['connected', 'live', 'gap', 'expiring', 'goodbye'] as const)

/** The type of a control event. */
export type ControlType = (typeof controlTypes)[number]

/** Whether a type is reserved for control events. */
export function isControlType(type: string): type is ControlType {
  return (controlTypes as readonly string[]).includes(type)
}

/** `connected`: the first block of every stream. */
export interface Connected {
  /** Names this connection, for operators and for requests about it. */
  readonly clientId: string
  /** Whether the stream goes on from the cursor that the client sent. */
  readonly resumed: boolean
  /** Where the log's head is now. The block's own `id` is where this stream begins. */
  readonly cursor: string
  /** Something arrives at least this often, in milliseconds; after twice that without a byte the link is dead. */
  readonly heartbeatMs: number
}

/** `live`: what was missed has been sent; from here on events come as they happen. */
export interface Live {
  /** Where the stream stands. */
  readonly cursor: string
  /** How many events were replayed before this one. */
  readonly replayed: number
}

/**
 * Why a stream could not go on from where its client was (§4.3):
 * `bad-cursor` nothing of ours; `epoch` of another history; `diverged` that number is another event now, or
 * is not written yet; `trimmed` retention has removed what came next.
 */
export type GapReason = 'bad-cursor' | 'epoch' | 'diverged' | 'trimmed'

/** `gap`: something between `from` and `to` may be missing. Reload what you show, then go on. */
export interface Gap {
  readonly reason: GapReason
  /** The last place the stream was at, or `null` if what the client sent was no cursor. */
  readonly from: string | null
  /** The place from which the stream goes on. */
  readonly to: string
  /** At most this many events, of all topics, are missing; `null` if nobody can know. */
  readonly missed: number | null
}

/** `expiring`: the permission of this stream ends soon. Renew it (§5.7), or it says `goodbye`. */
export interface Expiring {
  /** When it ends, in ISO 8601. */
  readonly expiresAt: string
  /** The same from now on, in milliseconds: clocks differ. */
  readonly expiresInMs: number
}

/** Why the server ends a stream (§5.6). */
export type GoodbyeReason =
  | 'drain'
  | 'max-age'
  | 'overloaded'
  | 'storage-failed'
  | 'storage-unavailable'
  | 'expired'
  | 'revoked'

/** `goodbye`: the server ends this stream on purpose. */
export interface Goodbye {
  readonly reason: GoodbyeReason
  /** Whether to come back. */
  readonly reconnect: boolean
  /** When to come back, in milliseconds; the block's `retry:` says the same to a native EventSource. */
  readonly retryMs: number
}
