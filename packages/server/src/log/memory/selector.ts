import type { Selection, StoredEvent } from '../event-log.ts'
import { merge, type Run } from '../merge.ts'
import { pageBounds } from '../page-bounds.ts'
import type { Found, Range } from '../range.ts'
import { Shelf } from '../shelf.ts'
import { topicVerdicts } from '../topic-verdicts.ts'

interface Numbers {
  readonly wanted: number[]
  readonly reached: number
}

/** Keeps the events, and finds those of a selection without looking at the others where it can. */
export class Selector {
  readonly #events = new Shelf<StoredEvent>()
  readonly #byTopic = new Map<string, Shelf<number>>()

  /** How many events are kept. */
  get count(): number {
    return this.#events.length
  }

  oldest(): StoredEvent | undefined {
    return this.#events.at(0)
  }

  /** The event with a number, if it is kept. */
  at(seq: number): StoredEvent | undefined {
    return this.#events.at(seq - (this.oldest()?.seq ?? 0))
  }

  add(event: StoredEvent): void {
    this.#events.push(event)
    const numbers = this.#byTopic.get(event.topic) ?? new Shelf<number>()
    if (numbers.length === 0) this.#byTopic.set(event.topic, numbers)
    numbers.push(event.seq)
  }

  removeOldest(): void {
    const { topic } = this.oldest()!
    const numbers = this.#byTopic.get(topic)!
    this.#events.shift()
    numbers.shift()
    if (numbers.length === 0) this.#byTopic.delete(topic)
  }

  find(selection: Selection, range: Range, limit: number): Found {
    const { exact, patterns } = selection.topics
    const isMerged = patterns.length === 0 && exact.length <= pageBounds.mergedTopics
    return this.#load(
      isMerged ? this.#merge(exact, range, limit) : this.#walk(selection, range, limit),
      selection.types,
    )
  }

  #merge(topics: readonly string[], range: Range, limit: number): Numbers {
    const runs = topics
      .map((topic) => this.#byTopic.get(topic))
      .filter((numbers) => numbers !== undefined)
      .map((numbers) => runOf(numbers, range))
    const wanted = merge(runs, range.from, limit, range.direction === 'forward' ? 1 : -1)
    return { wanted, reached: wanted[limit - 1] ?? range.to }
  }

  #walk({ topics }: Selection, range: Range, limit: number): Numbers {
    const sign = range.direction === 'forward' ? 1 : -1
    const steps = Math.min(Math.abs(range.to - range.from) + 1, pageBounds.walkedEvents)
    const isWanted = topicVerdicts(topics)
    const wanted: number[] = []
    for (let step = 0; step < steps; step++) {
      const { seq, topic } = this.at(range.from + sign * step)!
      if (isWanted(topic) && wanted.push(seq) === limit) return { wanted, reached: seq }
    }
    return { wanted, reached: range.from + sign * (steps - 1) }
  }

  #load({ wanted, reached }: Numbers, types: ReadonlySet<string> | undefined): Found {
    const events: StoredEvent[] = []
    let bytes = 0
    for (const seq of wanted) {
      const event = this.at(seq)!
      if (types === undefined || types.has(event.type)) events.push(event)
      bytes += event.payload.length
      if (bytes > pageBounds.bytes) return { events, reached: seq }
    }
    return { events, reached }
  }
}

function runOf(numbers: Shelf<number>, { direction, to }: Range): Run {
  if (direction === 'forward') {
    const end = numbers.countWhile((seq) => seq <= to)
    return {
      next(from, count) {
        const start = numbers.countWhile((seq) => seq < from)
        return numbers.slice(start, Math.min(start + count, end))
      },
    }
  }
  const start = numbers.countWhile((seq) => seq < to)
  return {
    next(from, count) {
      const end = numbers.countWhile((seq) => seq <= from)
      return numbers.slice(Math.max(end - count, start), end).reverse()
    },
  }
}
