import type { Trouble } from '../status.ts'
import { topicFilter } from '../stream/handlers.ts'
import type { Answer } from '../stream/topics.ts'
import type { Condition } from './message.ts'

/** The topics that one tab wishes for, and what became of its wishes. */
export class Wishes {
  /** What is wished for, by `add` and from the start. */
  readonly all: Set<string>
  /** Those of them of which nothing may be missed any more. */
  readonly granted = new Set<string>()
  /** Why the last one that the server refuses was refused. */
  refusal: Trouble | undefined
  /** What arrives whatever tabs wish for, since the address says so. */
  readonly #implied: readonly string[]
  readonly #refused = new Map<string, Trouble>()
  #filters: readonly ReturnType<typeof topicFilter>[] = []

  constructor(topics: Iterable<string>, implied: readonly string[]) {
    this.all = new Set(topics)
    this.#implied = implied
    if (this.all.size + implied.length === 0) this.all.add('broadcast')
    this.grantAll()
  }

  /** From here on nothing may be missed of any. */
  grantAll(): void {
    for (const topic of this.all) this.granted.add(topic)
    this.#choose()
  }

  add(topics: readonly string[]): void {
    for (const topic of topics) {
      this.all.add(topic)
      this.#refused.delete(topic)
    }
  }

  /** What became of a wish. */
  answer(topic: string): Answer {
    return this.granted.has(topic) || this.#refused.get(topic)
  }

  remove(topics: readonly string[]): void {
    for (const topic of topics) this.#forget(topic)
    this.#choose()
  }

  /** Hears what became of topics. Returns whether some are granted that were not. */
  hear(topics: Condition['topics']): boolean {
    let isGranted = false
    for (const topic of this.all) {
      const answer = topics.get(topic)
      if (answer === true) {
        isGranted ||= !this.granted.has(topic)
        this.granted.add(topic)
      } else if (answer !== undefined) {
        this.refusal = answer
        this.#forget(topic)
        this.#refused.set(topic, answer)
      }
    }
    this.#choose()
    return isGranted
  }

  /** Whether a stream of these topics has all that is granted. */
  areIn(topics: Condition['topics']): boolean {
    return [...this.granted].every((topic) => topics.get(topic) === true)
  }

  /** Whether an event of this topic is for this tab. */
  wants(topic: string | undefined): boolean {
    // Another server than Tidings does not say where an event belongs: then it belongs everywhere.
    return topic === undefined || this.#filters.some((wants) => wants(topic))
  }

  #forget(topic: string): void {
    this.all.delete(topic)
    this.granted.delete(topic)
  }

  #choose(): void {
    this.#filters = [...this.granted, ...this.#implied].map(topicFilter)
  }
}
