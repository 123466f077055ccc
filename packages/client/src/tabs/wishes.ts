import type { Trouble } from '../status.ts'
import { Failure } from '../stream/failure.ts'
import { topicFilter } from '../stream/handlers.ts'
import type { Topics } from './message.ts'

interface Request {
  readonly topics: readonly string[]
  resolve(): void
  reject(error: Failure): void
}

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
  #requests: readonly Request[] = []
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

  /** Resolves when they are granted; rejects if the server refuses one. */
  add(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.all.add(topic)
    return new Promise((resolve, reject) => {
      this.#requests = [...this.#requests, { topics, resolve, reject }]
    })
  }

  remove(topics: readonly string[]): void {
    for (const topic of topics) this.#forget(topic)
    this.#choose()
  }

  /** Hears what became of topics. Returns whether some are granted that were not. */
  hear(topics: Topics): boolean {
    let isGranted = false
    for (const topic of this.all) {
      const answer = topics.get(topic)
      if (answer === true) {
        isGranted ||= !this.granted.has(topic)
        this.granted.add(topic)
      } else if (answer !== undefined) {
        this.refusal = answer
        this.#forget(topic)
        for (const { topics, reject } of this.#requests)
          if (topics.includes(topic)) reject(new Failure('topics', answer.message, answer))
      }
    }
    this.#choose()
    this.#requests = this.#requests.filter(({ topics, resolve }) => {
      // What was taken back meanwhile is not waited for.
      const isOpen = topics.some((topic) => this.all.has(topic) && !this.granted.has(topic))
      if (!isOpen) resolve()
      return isOpen
    })
    return isGranted
  }

  /** Whether a stream of these topics has all that is granted. */
  areIn(topics: Topics): boolean {
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
