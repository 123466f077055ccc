import type { Cursor } from '@tidings/protocol'
import { Shelf } from '../log/shelf.ts'
import { topicVerdicts } from '../log/topic-verdicts.ts'
import type { Interest } from './interest.ts'
import type { TailEvent } from './tail-event.ts'

/** What comes next for a reader. */
export interface Run {
  readonly events: readonly TailEvent[]
  /** Everything wanted up to this number is in `events`. */
  readonly reached: number
}

/** Events looked at for one run of a pattern, at most: about a millisecond. */
const scannedEvents = 10_000

/** The newest events of the log in memory, bounded in bytes, and where each topic's events are among them. */
export class Tail {
  readonly #maxBytes: number
  readonly #events = new Shelf<TailEvent>()
  /** The numbers of each topic's events. */
  readonly #topics = new Map<string, Shelf<number>>()
  #bytes = 0
  #floor: Cursor

  /**
   * @param floor the log's head: the tail begins after it.
   */
  constructor(floor: Cursor, maxBytes: number) {
    this.#floor = floor
    this.#maxBytes = maxBytes
  }

  /** The place before the oldest event in memory. */
  get floor(): Cursor {
    return this.#floor
  }

  get length(): number {
    return this.#events.length
  }

  get bytes(): number {
    return this.#bytes
  }

  push(event: TailEvent): void {
    this.#events.push(event)
    this.#bytes += event.bytes
    const list = this.#topics.get(event.topic)
    if (list !== undefined) list.push(event.seq)
    else {
      const fresh = new Shelf<number>()
      fresh.push(event.seq)
      this.#topics.set(event.topic, fresh)
    }
    while (this.#bytes > this.#maxBytes && this.length > 0) this.#shift()
  }

  /** The event with a number, if it is in memory. */
  at(seq: number): TailEvent | undefined {
    return this.#events.at(seq - this.#floor.seq - 1)
  }

  /**
   * What an interest wants after a place that is not below the floor.
   * @param maxEvents at most this many, of at most `maxBytes` bytes together (but always one).
   */
  read(interest: Interest, after: number, maxEvents: number, maxBytes: number): Run {
    const { topics } = interest.wanted
    const numbers =
      topics.patterns.length === 0
        ? this.#numbersOf(topics.exact, after, maxEvents)
        : this.#numbersMatching(interest, after, maxEvents)
    const events: TailEvent[] = []
    let bytes = 0
    for (const seq of numbers.wanted) {
      const event = this.at(seq)!
      if (!interest.takes(event.topic, event.type)) continue
      bytes += event.frame.length
      if (bytes > maxBytes && events.length > 0) return { events, reached: seq - 1 }
      events.push(event)
    }
    return { events, reached: numbers.reached }
  }

  #numbersOf(topics: readonly string[], after: number, limit: number): Numbers {
    const all: number[] = []
    for (const topic of topics) {
      const list = this.#topics.get(topic)
      if (list === undefined) continue
      const start = list.countWhile((seq) => seq <= after)
      for (const seq of list.slice(start, start + limit)) all.push(seq)
    }
    if (topics.length > 1) all.sort((a, b) => a - b)
    const wanted = all.length > limit ? all.slice(0, limit) : all
    return { wanted, reached: wanted.length < limit ? this.#head : wanted.at(-1)! }
  }

  #numbersMatching(interest: Interest, after: number, limit: number): Numbers {
    const isWanted = topicVerdicts(interest.wanted.topics)
    const wanted: number[] = []
    const last = Math.min(this.#head, after + scannedEvents)
    for (let seq = after + 1; seq <= last; seq++) {
      if (isWanted(this.at(seq)!.topic) && wanted.push(seq) === limit) return { wanted, reached: seq }
    }
    return { wanted, reached: last }
  }

  get #head(): number {
    return this.#floor.seq + this.length
  }

  #shift(): void {
    const event = this.#events.at(0)!
    this.#floor = { epoch: this.#floor.epoch, seq: event.seq, tag: event.tag }
    this.#bytes -= event.bytes
    const list = this.#topics.get(event.topic)!
    list.shift()
    if (list.length === 0) this.#topics.delete(event.topic)
    this.#events.shift()
  }
}

interface Numbers {
  readonly wanted: readonly number[]
  readonly reached: number
}
