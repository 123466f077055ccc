import { type Cursor, formatCursor, parseCursor, TopicSet } from '@tidings/protocol'
import type { History, LogFacts, PlacedGap, SentEvent, Violation } from './history.ts'
import { type Delivery, followStream, type Passage, show } from './passage.ts'
import { type KnownEvent, readPublications } from './publications.ts'

/** An event that certainly exists: it was acknowledged, or somebody got it. */
interface Existing {
  readonly cursor: Cursor
  readonly event: SentEvent
  readonly why: string
}

/**
 * Judges what publishers were answered against what streams received: invariants I1 to I5 and I10.
 * An empty answer means that every promise was kept, as far as these histories show.
 * @throws Error if the history cannot be judged, because two events have the same data.
 */
export function checkHistory(history: History): Violation[] {
  const sent = readPublications(history.publications)
  const passages = history.streams.map(followStream)
  const judge = new Judge(history.facts, sent.byData)
  for (const passage of passages) judge.deliveries(passage)
  for (const passage of passages) judge.completeness(passage)
  for (const passage of passages) judge.gaps(passage)
  judge.storedLog()
  return [...sent.violations, ...passages.flatMap(({ violations }) => violations), ...judge.violations]
}

class Judge {
  readonly violations: Violation[] = []
  readonly #facts: LogFacts
  readonly #sent: ReadonlyMap<string, KnownEvent>
  /** From this number on, an older backup changed history. */
  readonly #firstWithdrawn: number
  readonly #existing = new Map<string, Existing>()
  /** For each number, what was seen there, and by whom. */
  readonly #numbers = new Map<number, Existing>()

  constructor(facts: LogFacts, sent: ReadonlyMap<string, KnownEvent>) {
    this.#facts = facts
    this.#sent = sent
    const withdrawn = [...(facts.withdrawn ?? [])].map((id) => parseCursor(id)!.seq)
    this.#firstWithdrawn = Math.min(...withdrawn)
    for (const event of sent.values()) {
      if (event.cursor === undefined) continue
      this.#exists({ cursor: event.cursor, event, why: 'it was acknowledged' })
    }
  }

  /** I3, I4, I5: whatever arrived was sent, was not refused, and is the same for everybody. */
  deliveries({ stream, deliveries }: Passage): void {
    const topics = new TopicSet(stream.topics)
    for (const delivery of deliveries) {
      const known = this.#sent.get(delivery.data)
      const got = `Stream "${stream.name}" got ${show(delivery.cursor)}`
      if (known === undefined) {
        this.#broken('I3', `${got} with data that nobody sent: ${delivery.data}`)
        continue
      }
      if (known.isRefused) this.#broken('I3', `${got}, although key "${known.key}" was refused`)
      if (known.type !== delivery.type) {
        this.#broken('I4', `${got} as type "${delivery.type}"; it was sent as "${known.type}"`)
      }
      if (known.topic !== delivery.topic) {
        this.#broken('I4', `${got} of topic "${delivery.topic}"; it was sent to "${known.topic}"`)
      }
      if (!wants(stream.types, topics, known)) {
        this.#broken('I3', `${got} of topic "${known.topic}", type "${known.type}", which it did not ask for`)
      }
      this.#identity(got, delivery, known)
      this.#exists({ cursor: delivery.cursor, event: known, why: `stream "${stream.name}" got it` })
    }
  }

  /** I1: whatever lies in a stretch that the stream read has arrived. */
  completeness({ stream, deliveries, stretches, gaps }: Passage): void {
    const topics = new TopicSet(stream.topics)
    const got = new Set(deliveries.map(({ cursor }) => identity(cursor)))
    for (const { cursor, event, why } of this.#existing.values()) {
      if (got.has(identity(cursor)) || !wants(stream.types, topics, event)) continue
      if (this.#isWithdrawn(cursor) || this.#isRetold(cursor, gaps)) continue
      const stretch = stretches.find(({ epoch, from, to }, index) => {
        const end = stream.isSettled && index === stretches.length - 1 ? Number.POSITIVE_INFINITY : to
        return epoch === cursor.epoch && from < cursor.seq && cursor.seq <= end
      })
      if (stretch === undefined) continue
      const read = `read on from #${stretch.from} to #${stretch.to}`
      this.#broken(
        'I1',
        `Stream "${stream.name}" ${read} and never got ${show(cursor)}; ${why}: ${event.data}`,
      )
    }
  }

  /** I10: every gap has its reason in what was really done, and covers no more than it says. */
  gaps({ stream, gaps }: Passage): void {
    for (const placed of gaps) {
      const why = this.#whyUnjustified(placed)
      if (why !== undefined) {
        this.#broken('I10', `Stream "${stream.name}" got a gap that nothing justifies: ${why}`)
      }
    }
  }

  /** I4: whatever was acknowledged or seen is in the log. */
  storedLog(): void {
    const { stored, trimmedThrough } = this.#facts
    if (stored === undefined) return
    const byIdentity = new Map([...stored].map(([id, data]) => [id.slice(id.indexOf('.') + 1), data]))
    for (const { cursor, event, why } of this.#existing.values()) {
      if (cursor.seq <= trimmedThrough || this.#isWithdrawn(cursor)) continue
      const data = byIdentity.get(identity(cursor))
      if (data === event.data) continue
      const found = data === undefined ? 'has no such event' : `has ${data} there`
      this.#broken('I4', `The log ${found}: ${show(cursor)}, although ${why}: ${event.data}`)
    }
  }

  /** I4 and I5 for one delivery: one event has one id, and one number one event. */
  #identity(got: string, { cursor }: Delivery, known: KnownEvent): void {
    if (!this.#facts.epochs.includes(cursor.epoch)) this.#broken('I4', `${got}, and there is no such epoch`)
    // Whoever tries again after it was taken away stores it anew, as another event.
    if (this.#isWithdrawn(cursor)) return
    if (
      known.cursor !== undefined &&
      !this.#isWithdrawn(known.cursor) &&
      identity(known.cursor) !== identity(cursor)
    ) {
      this.#broken('I4', `${got}; its publisher was answered ${show(known.cursor)}`)
    }
    const elsewhere = this.#existing.get(known.data)
    if (
      elsewhere !== undefined &&
      !this.#isWithdrawn(elsewhere.cursor) &&
      identity(elsewhere.cursor) !== identity(cursor)
    ) {
      this.#broken('I5', `${got}; the same event is ${show(elsewhere.cursor)}, and ${elsewhere.why}`)
    }
  }

  #exists(existing: Existing): void {
    const { cursor, event } = existing
    const earlier = this.#existing.get(event.data)
    if (earlier === undefined || this.#isWithdrawn(earlier.cursor)) this.#existing.set(event.data, existing)
    if (this.#isWithdrawn(cursor)) return
    const other = this.#numbers.get(cursor.seq)
    if (other === undefined) this.#numbers.set(cursor.seq, existing)
    else if (other.event.data !== event.data || other.cursor.tag !== cursor.tag) {
      this.#broken(
        'I4',
        `#${cursor.seq} is two events: ${event.data} (${existing.why}) and ${other.event.data} (${other.why})`,
      )
    }
  }

  #whyUnjustified({ gap, from, to }: PlacedGap): string | undefined {
    const { trimmedThrough, epochs } = this.#facts
    const between = this.#between(from, to)
    if (gap.missed !== null && between > gap.missed) {
      return `it owns up to ${gap.missed} events and covers ${between}, from ${gap.from} to ${gap.to}`
    }
    if (!epochs.includes(to.epoch)) return `it goes on in an epoch that never was, ${to.epoch}`
    if (from === undefined) {
      return gap.reason === 'bad-cursor' ? undefined : `${gap.reason}, but from no cursor at all`
    }
    switch (gap.reason) {
      case 'bad-cursor':
        return `the cursor was good: ${gap.from}`
      case 'epoch':
        return from.epoch === to.epoch ? `both ends are of the same epoch, ${to.epoch}` : undefined
      case 'diverged':
        return this.#isPlace(from) ? `${show(from)} is a place of this log` : undefined
      case 'trimmed':
        if (from.seq >= trimmedThrough) return `nothing after ${show(from)} was ever trimmed`
        return to.seq > trimmedThrough
          ? `it goes on at ${show(to)}, but only #${trimmedThrough} and older were trimmed`
          : undefined
    }
  }

  /** How many events of one epoch are known between two places. */
  #between(from: Cursor | undefined, to: Cursor): number {
    if (from === undefined || from.epoch !== to.epoch) return 0
    let count = 0
    for (const { cursor } of this.#existing.values()) {
      if (cursor.epoch === to.epoch && cursor.seq > from.seq && cursor.seq <= to.seq) count++
    }
    return count
  }

  #isPlace(cursor: Cursor): boolean {
    const event = this.#numbers.get(cursor.seq)
    return event !== undefined && formatCursor(event.cursor) === formatCursor(cursor)
  }

  #isWithdrawn(cursor: Cursor): boolean {
    return this.#facts.withdrawn?.has(formatCursor(cursor)) === true
  }

  /**
   * Whether an event took the number of a withdrawn one and lies under a `diverged` gap: a stream that had gone
   * further in the old history was told that it may have missed it.
   */
  #isRetold({ epoch, seq }: Cursor, gaps: readonly PlacedGap[]): boolean {
    return (
      seq >= this.#firstWithdrawn &&
      gaps.some(({ gap, to }) => gap.reason === 'diverged' && to.epoch === epoch && seq <= to.seq)
    )
  }

  #broken(invariant: Violation['invariant'], explanation: string): void {
    this.violations.push({ invariant, explanation: `${explanation}.` })
  }
}

/** What stays the same when a log begins a new epoch and its events are read under it. */
function identity({ seq, tag }: Cursor): string {
  return `${seq.toString(36)}.${tag}`
}

function wants(types: readonly string[] | undefined, topics: TopicSet, event: SentEvent): boolean {
  return topics.has(event.topic) && (types === undefined || types.includes(event.type))
}
