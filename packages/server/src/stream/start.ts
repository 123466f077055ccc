import { type Cursor, type GapReason, parseCursor } from '@tidings/protocol'
import type { Hub } from '../hub/hub.ts'
import type { Interest } from '../hub/interest.ts'

/** What a client says about where its stream should begin. */
export interface Beginning {
  /** The id that it saw last, as it came. */
  readonly lastEventId?: string | undefined
  /** On a fresh stream: begin with this many of the newest matching events. */
  readonly last?: number | undefined
}

/**
 * The tag of a place that is only a number: the one before the last few events. Such a place is never shown to
 * the client, which then begins anew with the last few if it is cut off so early.
 */
const unknownTag = ''

/** Whether a place may be shown to the client. */
export function isKnown(place: Cursor | undefined): place is Cursor {
  return place !== undefined && place.tag !== unknownTag
}

/** Where a stream begins. */
export interface Start {
  readonly place: Cursor
  /** Whether the stream goes on from the cursor that the client brought. */
  readonly isResumed: boolean
  /** Whether past events come first, so that the client wants to know when they end. */
  readonly isReplay: boolean
  /** Why it could not go on from there, if it could not. */
  readonly gap?: { readonly reason: GapReason; readonly from: Cursor | undefined }
}

/** Finds where a stream begins (PROTOCOL §4.2). Whatever the client brought, there is an answer. */
export async function findStart(hub: Hub, interest: Interest, beginning: Beginning): Promise<Start> {
  if (beginning.lastEventId) return resume(hub, beginning.lastEventId)
  if (!beginning.last) return { ...fresh(hub), isReplay: false }
  const seq = await hub.beforeLast(interest, beginning.last)
  const place = { epoch: hub.head.epoch, seq, tag: unknownTag }
  return { place, isResumed: false, isReplay: true }
}

async function resume(hub: Hub, id: string): Promise<Start> {
  const from = parseCursor(id)
  if (from === undefined) return { ...fresh(hub), gap: { reason: 'bad-cursor', from } }
  const standing = await hub.stand(from)
  // What was trimmed is found when it is read: retention may take more until then.
  if (standing === 'valid' || standing === 'trimmed') {
    return { place: from, isResumed: true, isReplay: true }
  }
  return { ...fresh(hub), gap: { reason: standing, from } }
}

function fresh(hub: Hub): Start {
  return { place: hub.head, isResumed: false, isReplay: true }
}
