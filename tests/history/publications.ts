import { type Cursor, parseCursor } from '@tidings/protocol'
import type { Publication, SentEvent, Violation } from './history.ts'
import { isSame, show } from './passage.ts'

/** An event that somebody sent, with what its publisher knows of it. */
export interface KnownEvent extends SentEvent {
  readonly key: string
  /** Its id, if an attempt was acknowledged. */
  readonly cursor: Cursor | undefined
  /** Every attempt was refused: nobody may see it. */
  readonly isRefused: boolean
}

/** Everything that was sent, by its data. */
export interface Sent {
  readonly byData: ReadonlyMap<string, KnownEvent>
  readonly violations: readonly Violation[]
}

/**
 * Reads the publishers' history and checks that each key stands for one outcome (I5).
 * @throws Error if two events have the same data: such a history cannot be judged.
 */
export function readPublications(publications: readonly Publication[]): Sent {
  const byData = new Map<string, KnownEvent>()
  const violations: Violation[] = []
  for (const publication of publications) {
    const ids = idsOf(publication, violations)
    const isRefused =
      publication.attempts.length > 0 && publication.attempts.every(({ kind }) => kind === 'refused')
    for (const [index, event] of publication.events.entries()) {
      if (byData.has(event.data)) throw new Error(`Two events carry the same data: ${event.data}`)
      byData.set(event.data, { ...event, key: publication.key, cursor: ids[index], isRefused })
    }
    checkContiguous(publication, ids, violations)
  }
  return { byData, violations }
}

/** The ids that a key's first acknowledgement gave; every later one must repeat them. */
function idsOf({ key, events, attempts }: Publication, violations: Violation[]): Cursor[] {
  let first: readonly string[] | undefined
  for (const attempt of attempts) {
    if (attempt.kind !== 'acknowledged') continue
    if (attempt.ids.length !== events.length) {
      violations.push({
        invariant: 'I5',
        explanation: `Key "${key}" holds ${events.length} events and was answered ${attempt.ids.length} ids.`,
      })
    }
    first ??= attempt.ids
    if (first.join() !== attempt.ids.join()) {
      violations.push({
        invariant: 'I5',
        explanation: `Key "${key}" was answered ${first.join(', ')} first, and ${attempt.ids.join(', ')} later.`,
      })
    }
  }
  // Attempts at the same time may end in any order, but only one of them stored something.
  const stored = attempts.filter((attempt) => attempt.kind === 'acknowledged' && !attempt.isDuplicate)
  if (stored.length > 1) {
    violations.push({
      invariant: 'I5',
      explanation: `Key "${key}" was acknowledged as new ${stored.length} times.`,
    })
  }
  return (first ?? []).flatMap((id) => parseCursor(id) ?? [])
}

/** A batch is atomic and contiguous: nothing of another publisher stands between its events. */
function checkContiguous({ key }: Publication, ids: readonly Cursor[], violations: Violation[]): void {
  for (const [index, cursor] of ids.entries()) {
    const previous = ids[index - 1]
    if (previous === undefined || isSame({ ...previous, seq: previous.seq + 1, tag: cursor.tag }, cursor))
      continue
    violations.push({
      invariant: 'I4',
      explanation: `Batch "${key}" is not contiguous: ${show(cursor)} follows ${show(previous)}.`,
    })
  }
}
