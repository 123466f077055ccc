import type { Cursor } from '@tidings/protocol'
import type { Bounds, Selection, Standing, StoredEvent } from 'tidings/log'

/** A log so simple that it is right at sight: what engines are compared with. */
export class NaiveLog {
  #epoch: string
  #floor: Cursor
  #head: Cursor
  #events: StoredEvent[] = []
  /** Tags of every place there ever was, by number. */
  readonly #tags = new Map<number, string>()

  /** @param bounds of the empty log that it starts as. */
  constructor({ floor, head }: Bounds) {
    this.#epoch = head.epoch
    this.#floor = floor
    this.#head = head
    this.#tags.set(head.seq, head.tag)
  }

  get bounds(): { floor: Cursor; head: Cursor } {
    return { floor: this.#place(this.#floor.seq), head: this.#place(this.#head.seq) }
  }

  add(events: readonly StoredEvent[]): void {
    for (const event of events) {
      this.#events.push(event)
      this.#tags.set(event.seq, event.tag)
      this.#head = this.#place(event.seq)
    }
  }

  rotate(epoch: string): void {
    this.#epoch = epoch
  }

  trim(keep: number): number {
    const gone = this.#events.splice(0, Math.max(0, this.#events.length - keep))
    const last = gone.at(-1)
    if (last !== undefined) this.#floor = this.#place(last.seq)
    return gone.length
  }

  read({ topics, types }: Selection, above: number, below: number): StoredEvent[] {
    return this.#events.filter(
      ({ seq, topic, type }) =>
        seq > above && seq < below && topics.has(topic) && (types === undefined || types.has(type)),
    )
  }

  stand({ epoch, seq, tag }: Cursor): Standing {
    if (epoch !== this.#epoch) return 'epoch'
    if (seq > this.#head.seq) return 'diverged'
    if (seq < this.#floor.seq) return 'trimmed'
    return this.#tags.get(seq) === tag ? 'valid' : 'diverged'
  }

  /** The tag of a place, even of one that retention has removed. */
  tagOf(seq: number): string | undefined {
    return this.#tags.get(seq)
  }

  #place(seq: number): Cursor {
    return { epoch: this.#epoch, seq, tag: this.#tags.get(seq)! }
  }
}
