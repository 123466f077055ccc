import { type Cursor, type Gap, parseCursor } from '@tidings/protocol'
import type { PlacedGap, Step, StreamHistory, Violation } from './history.ts'

/** An event that reached a stream's handler. */
export interface Delivery {
  readonly id: string
  readonly cursor: Cursor
  readonly type: string
  readonly topic: string | undefined
  readonly data: string
}

/** A piece of one epoch that a stream read: after `from`, up to and including `to`. */
interface Stretch {
  readonly epoch: string
  readonly from: number
  to: number
}

/** What one stream went through, read from its steps: where it began, what it got, where it stood at the end. */
export interface Passage {
  readonly stream: StreamHistory
  readonly deliveries: readonly Delivery[]
  readonly gaps: readonly PlacedGap[]
  /** What it read without a break: it is owed everything of its topics in these stretches. */
  readonly stretches: readonly Stretch[]
  readonly position: Cursor | undefined
  /** What was wrong with the order of its steps. */
  readonly violations: readonly Violation[]
}

/** Follows a stream step by step, as its client would, and notes every step that breaks a promise (I2). */
export function followStream(stream: StreamHistory): Passage {
  const walk = new Walk(stream)
  for (const step of stream.steps) {
    if (step.kind === 'opened') walk.open(step.lastEventId)
    else if (step.kind === 'block') walk.block(step)
  }
  return walk
}

class Walk implements Passage {
  readonly stream: StreamHistory
  readonly deliveries: Delivery[] = []
  readonly gaps: PlacedGap[] = []
  readonly stretches: Stretch[] = []
  position: Cursor | undefined
  readonly violations: Violation[] = []
  readonly #seen = new Set<string>()

  constructor(stream: StreamHistory) {
    this.stream = stream
  }

  open(lastEventId: string | undefined): void {
    const cursor = lastEventId === undefined ? undefined : parseCursor(lastEventId)
    const isNew = cursor === undefined || this.position === undefined || !isSame(cursor, this.position)
    // A client that comes back with the place it reached reads on; from any other place it reads anew.
    if (isNew) this.#begin(cursor)
  }

  block({ type, id, topic, data }: Extract<Step, { kind: 'block' }>): void {
    const cursor = id === undefined ? undefined : parseCursor(id)
    if (id !== undefined && cursor === undefined) this.#broken('I4', `got the id "${id}", which is no cursor`)
    else if (type === 'gap') this.#gap(id, data)
    else if (data === undefined || type === 'connected' || type === 'live' || type === 'goodbye') {
      if (cursor !== undefined) this.#move(cursor)
    } else if (id === undefined || cursor === undefined)
      this.#broken('I4', `got an event without an id: ${data}`)
    else this.#deliver({ id, cursor, type, topic, data })
  }

  #begin(cursor: Cursor | undefined): void {
    this.position = cursor
    if (cursor !== undefined) this.stretches.push({ epoch: cursor.epoch, from: cursor.seq, to: cursor.seq })
  }

  /** A place without an event: a heartbeat, or a control event other than a gap. */
  #move(cursor: Cursor): void {
    if (this.position === undefined) this.#begin(cursor)
    else if (this.position.epoch !== cursor.epoch) {
      this.#broken('I1', `was moved from ${show(this.position)} to ${show(cursor)} without a gap`)
      this.#begin(cursor)
    } else if (cursor.seq < this.position.seq) {
      this.#broken('I2', `was moved back from ${show(this.position)} to ${show(cursor)}`)
    } else this.#reach(cursor)
  }

  #gap(id: string | undefined, data: string | undefined): void {
    const gap = JSON.parse(data ?? 'null') as Gap | null
    const to = gap === null ? undefined : parseCursor(gap.to)
    if (gap === null || to === undefined || gap.to !== id) {
      this.#broken('I10', `got a gap whose id (${id}) is not where it goes on: ${data}`)
      return
    }
    const from = gap.from === null ? undefined : parseCursor(gap.from)
    // The server may have passed places that were nothing to this client: whatever was, is missed below.
    if (from !== undefined && this.position !== undefined) {
      if (from.epoch === this.position.epoch && from.seq >= this.position.seq) this.#reach(from)
      else this.#broken('I10', `stood at ${show(this.position)}, and got a gap that begins at ${show(from)}`)
    }
    this.gaps.push({ gap, from, to })
    this.#begin(to)
  }

  #deliver(delivery: Delivery): void {
    const { id, cursor } = delivery
    const last = this.position
    this.deliveries.push(delivery)
    if (this.#seen.has(id)) this.#broken('I2', `got ${show(cursor)} twice`)
    else if (last !== undefined && last.epoch !== cursor.epoch) {
      this.#broken('I1', `got ${show(cursor)} after ${show(last)}, and no gap between the two epochs`)
    } else if (last !== undefined && cursor.seq <= last.seq) {
      this.#broken('I2', `got ${show(cursor)} after ${show(last)}`)
    }
    this.#seen.add(id)
    if (last?.epoch !== cursor.epoch) this.#begin({ ...cursor, seq: cursor.seq - 1 })
    this.#reach(cursor)
  }

  #reach(cursor: Cursor): void {
    this.position = cursor
    const stretch = this.stretches.at(-1)!
    stretch.to = Math.max(stretch.to, cursor.seq)
  }

  #broken(invariant: Violation['invariant'], what: string): void {
    this.violations.push({ invariant, explanation: `Stream "${this.stream.name}" ${what}.` })
  }
}

/** Whether two cursors are the same place. */
export function isSame(one: Cursor, other: Cursor): boolean {
  return one.epoch === other.epoch && one.seq === other.seq && one.tag === other.tag
}

/** A cursor for people: the number in decimal. */
export function show(cursor: Cursor): string {
  return `#${cursor.seq} (tag ${cursor.tag}, epoch ${cursor.epoch})`
}
