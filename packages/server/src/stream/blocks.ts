import {
  type Connected,
  type Cursor,
  type Expiring,
  encodeBlock,
  encodeComment,
  formatCursor,
  type Gap,
  type GapReason,
  type Goodbye,
  type Live,
} from '@tidings/protocol'
import { Frame } from '../hub/frame.ts'

/** The blocks that the server says on its own (PROTOCOL §5.4, §5.5), ready to be written. */

/** The first block. `place` is where the stream begins; it is left out where its tag is not known. */
export function connectedFrame(data: Connected, place: Cursor | undefined, retryMs: number): Frame {
  const id = place && formatCursor(place)
  return Frame.of(
    encodeBlock({ retry: retryMs, type: 'connected', data: JSON.stringify(data), ...(id && { id }) }),
  )
}

export function liveFrame(place: Cursor, replayed: number): Frame {
  const cursor = formatCursor(place)
  return Frame.of(
    encodeBlock({ id: cursor, type: 'live', data: JSON.stringify({ cursor, replayed } satisfies Live) }),
  )
}

/**
 * @param from the last place, as its client knew it; `undefined` if it brought nothing that is one.
 */
export function gapFrame(reason: GapReason, from: Cursor | undefined, to: Cursor): Frame {
  const gap: Gap = {
    reason,
    from: from === undefined ? null : formatCursor(from),
    to: formatCursor(to),
    // Only within one history does counting make sense.
    missed: reason === 'trimmed' && from !== undefined ? to.seq - from.seq : null,
  }
  return Frame.of(encodeBlock({ id: gap.to, type: 'gap', data: JSON.stringify(gap) }))
}

/** §5.8: events of topics that were added are missing. No id, for the stream itself misses nothing. */
export function pastGapFrame(reason: GapReason, to: Cursor, missed: number | null): Frame {
  const gap: Gap = { reason, from: null, to: formatCursor(to), missed }
  return Frame.of(encodeBlock({ type: 'gap', data: JSON.stringify(gap) }))
}

/** @param expiresAt in milliseconds since the epoch. */
export function expiringFrame(expiresAt: number, now: number): Frame {
  const expiring: Expiring = {
    expiresAt: new Date(expiresAt).toISOString(),
    expiresInMs: Math.max(0, Math.round(expiresAt - now)),
  }
  return Frame.of(encodeBlock({ type: 'expiring', data: JSON.stringify(expiring) }))
}

export function goodbyeFrame(goodbye: Goodbye): Frame {
  return Frame.of(encodeBlock({ retry: goodbye.retryMs, type: 'goodbye', data: JSON.stringify(goodbye) }))
}

/** What keeps a stream alive that has no place to tell. */
export const commentFrame = Frame.of(encodeComment(''))

/** §5.5: the comment is for proxies, the id-only block moves the client's last id on and dispatches nothing. */
export function heartbeatFrame(place: Cursor): Frame {
  return Frame.of(encodeComment('') + encodeBlock({ id: formatCursor(place) }))
}
