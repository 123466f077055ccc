import {
  type Cursor,
  epochLength,
  type NewEvent,
  originTag,
  randomBase36,
  tagLength,
} from '@tidings/protocol'
import type {
  Appended,
  AppendOptions,
  Batch,
  Bounds,
  Durability,
  EventLog,
  Page,
  ReadBackward,
  ReadForward,
  Retention,
  Standing,
  StoredEvent,
  StoreHealth,
  Tail,
} from '../event-log.ts'
import { eventSize } from '../event-size.ts'
import type { Found } from '../range.ts'
import { logClosed } from '../refusals.ts'
import { RememberedKeys } from './remembered-keys.ts'
import { Selector } from './selector.ts'

/** How to make a log in memory. */
export interface MemoryLogOptions {
  /** How long an idempotency key is remembered, in milliseconds; 24 hours if absent. */
  readonly idempotencyWindowMs?: number
}

const day = 24 * 60 * 60 * 1000

/** Makes an empty log that ends with the process: for tests, and for events that nobody misses. */
export function createMemoryLog(options: MemoryLogOptions = {}): EventLog {
  return new MemoryLog(options.idempotencyWindowMs ?? day)
}

interface Pending {
  readonly events: readonly NewEvent[]
  readonly key: string | undefined
  readonly time: number
  resolve(appended: Appended): void
  reject(error: unknown): void
}

class MemoryLog implements EventLog {
  readonly durability: Durability = 'memory'
  readonly health: StoreHealth = { engine: 'memory', state: 'up', warnings: [] }
  /** Never resolves: memory that fails takes the process with it. */
  readonly failed = new Promise<Error>(() => {})
  readonly #selector = new Selector()
  readonly #keys: RememberedKeys
  readonly #listeners = new Set<(batch: Batch) => void>()
  #pending: Pending[] = []
  #epoch = randomBase36(epochLength)
  #head = 0
  #headTag = originTag
  #trimmed = 0
  #trimmedTag = originTag
  #bytes = 0
  #isClosed = false

  constructor(idempotencyWindowMs: number) {
    this.#keys = new RememberedKeys(idempotencyWindowMs)
  }

  async append(events: readonly NewEvent[], { idempotencyKey: key }: AppendOptions = {}): Promise<Appended> {
    this.#checkOpen()
    if (events.length === 0) return { cursors: [], isDuplicate: false }
    const { promise, resolve, reject } = Promise.withResolvers<Appended>()
    this.#pending.push({ events, key, time: Date.now(), resolve, reject })
    // What one turn of the event loop brings becomes one batch, as with an engine that has to wait for a disk.
    if (this.#pending.length === 1) setImmediate(() => this.#commit())
    return promise
  }

  async read({ selection, after, limit, upTo }: ReadForward): Promise<Page> {
    await this.#takeTurn()
    const from = Math.max(after, this.#trimmed) + 1
    const to = Math.min(upTo ?? this.#head, this.#head)
    if (from > to) return this.#page({ events: [], reached: Math.min(from - 1, this.#head) }, true)
    const found = this.#selector.find(selection, { direction: 'forward', from, to }, limit)
    return this.#page(found, found.reached === to)
  }

  async readBack({ selection, before, limit }: ReadBackward): Promise<Page> {
    await this.#takeTurn()
    const from = Math.min((before ?? this.#head + 1) - 1, this.#head)
    const to = this.#trimmed + 1
    if (from < to) return this.#page({ events: [], reached: this.#trimmed }, true)
    const found = this.#selector.find(selection, { direction: 'backward', from, to }, limit)
    return this.#page(found, found.reached === to)
  }

  async stand({ epoch, seq, tag }: Cursor): Promise<Standing> {
    this.#checkOpen()
    if (epoch !== this.#epoch) return 'epoch'
    if (seq > this.#head) return 'diverged'
    if (seq < this.#trimmed) return 'trimmed'
    return this.#tagOf(seq) === tag ? 'valid' : 'diverged'
  }

  async tail(onBatch: (batch: Batch) => void): Promise<Tail> {
    this.#listeners.add(onBatch)
    return { head: this.#place(this.#head), stop: () => void this.#listeners.delete(onBatch) }
  }

  async bounds(): Promise<Bounds> {
    return {
      floor: this.#place(this.#trimmed),
      head: this.#place(this.#head),
      bytes: this.#bytes,
    }
  }

  async trim(retention: Retention, now = Date.now()): Promise<number> {
    this.#checkOpen()
    this.#keys.forgetOld(now)
    const before = this.#trimmed
    for (let oldest = this.#selector.oldest(); oldest !== undefined; oldest = this.#selector.oldest()) {
      const isKept =
        oldest.time >= now - retention.ageMs &&
        this.#selector.count <= retention.events &&
        this.#bytes <= retention.bytes
      if (isKept) break
      this.#selector.removeOldest()
      this.#bytes -= eventSize(oldest)
      this.#trimmed = oldest.seq
      this.#trimmedTag = oldest.tag
    }
    return this.#trimmed - before
  }

  async rotate(): Promise<string> {
    this.#checkOpen()
    // What was appended before belongs to the epoch before.
    this.#commit()
    this.#epoch = randomBase36(epochLength)
    this.#emit([])
    return this.#epoch
  }

  async close(): Promise<void> {
    this.#commit()
    this.#isClosed = true
  }

  #commit(): void {
    const stored: StoredEvent[] = []
    for (const pending of this.#pending.splice(0)) {
      try {
        pending.resolve(this.#store(pending, stored))
      } catch (mismatch) {
        pending.reject(mismatch)
      }
    }
    if (stored.length > 0) this.#emit(stored)
  }

  #store({ events, key, time }: Pending, stored: StoredEvent[]): Appended {
    const earlier = key === undefined ? undefined : this.#keys.find(key, events, time)
    if (earlier !== undefined) return { cursors: earlier, isDuplicate: true }
    const cursors = events.map((event) => {
      const kept = { ...event, seq: ++this.#head, tag: randomBase36(tagLength), time }
      this.#headTag = kept.tag
      this.#bytes += eventSize(event)
      this.#selector.add(kept)
      stored.push(kept)
      return this.#place(kept.seq)
    })
    if (key !== undefined) this.#keys.remember(key, events, cursors, time)
    return { cursors, isDuplicate: false }
  }

  #emit(events: readonly StoredEvent[]): void {
    for (const listener of this.#listeners) listener({ epoch: this.#epoch, events })
  }

  #page({ events, reached }: Found, isEnd: boolean): Page {
    return { events, reached: this.#place(reached), isEnd, floor: this.#place(this.#trimmed) }
  }

  #place(seq: number): Cursor {
    return { epoch: this.#epoch, seq, tag: this.#tagOf(seq) ?? originTag }
  }

  /** The tag of a place, as far back as the newest event that retention removed. */
  #tagOf(seq: number): string | undefined {
    if (seq === this.#head) return this.#headTag
    if (seq === this.#trimmed) return this.#trimmedTag
    return this.#selector.at(seq)?.tag
  }

  /** A reader that asks for page after page must not keep the event loop to itself. */
  async #takeTurn(): Promise<void> {
    this.#checkOpen()
    await new Promise((resolve) => setImmediate(resolve))
  }

  #checkOpen(): void {
    if (this.#isClosed) throw logClosed()
  }
}
