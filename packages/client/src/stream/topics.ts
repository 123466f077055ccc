import type { Trouble } from '../status.ts'
import type { Failure } from './failure.ts'

/** What became of a topic. `true`: all of it arrives. A trouble: the server refuses it. `undefined`: it is being asked. */
export type Answer = Trouble | true | undefined

/**
 * Changes the topics of one open stream: `false` if it is that stream's end, and the next one is asked for all of them.
 * Rejects if the server refuses.
 */
export type ChangeTopics = (change: { add: string[]; remove: string[] }) => Promise<boolean>

/** What a stream wants, what the open one was asked for, and how the one becomes the other. */
export class Topics {
  readonly wanted: Set<string>
  /** What became of those that were added. */
  readonly answers = new Map<string, Answer>()
  readonly #beside: string | undefined
  /** What the server was asked for. */
  #asked = new Set<string>()
  #change: ChangeTopics | undefined
  #isChanging = false
  readonly #onAnswer: () => void

  /** @param beside what the server sends if it is asked for nothing, and is asked for beside whatever is added. */
  constructor(wanted: Iterable<string>, beside: string | undefined, onAnswer: () => void) {
    this.wanted = new Set(wanted)
    this.#onAnswer = onAnswer
    this.#beside = this.wanted.size === 0 ? beside : undefined
  }

  /** All that is wanted, for a new connection, which nothing can be changed of yet. */
  ask(): string[] {
    this.#change = undefined
    this.#asked = new Set(this.wanted)
    const topics = [...this.wanted]
    return this.#beside === undefined || topics.length === 0 ? topics : [this.#beside, ...topics]
  }

  /** The connection stands, and its topics can be changed like this. */
  opened(change: ChangeTopics): void {
    this.#change = change
    void this.#settle()
  }

  add(topics: readonly string[]): void {
    for (const topic of topics) {
      this.wanted.add(topic)
      this.answers.set(topic, undefined)
    }
    void this.#settle()
  }

  remove(topics: readonly string[]): void {
    for (const topic of topics) {
      this.wanted.delete(topic)
      this.answers.delete(topic)
    }
    void this.#settle()
  }

  /** Makes the open stream's topics the wanted ones, with one request for all the changes of one turn. */
  async #settle(): Promise<void> {
    if (this.#isChanging) return
    this.#isChanging = true
    await Promise.resolve()
    while (this.#change !== undefined) {
      const add = [...this.wanted].filter((topic) => !this.#asked.has(topic))
      const remove = [...this.#asked].filter((topic) => !this.wanted.has(topic))
      if (add.length + remove.length === 0) break
      await this.#make(this.#change, add, remove)
    }
    this.#isChanging = false
    if (this.#change === undefined) return
    for (const topic of this.wanted) this.answers.set(topic, true)
    this.#onAnswer()
  }

  async #make(change: ChangeTopics, add: string[], remove: string[]): Promise<void> {
    const asked = this.#asked
    try {
      if (!(await change({ add, remove }))) return
      for (const topic of add) asked.add(topic)
      for (const topic of remove) asked.delete(topic)
    } catch (error) {
      // One topic that is refused must not keep the others away. What is no longer wanted makes room each time.
      if (add.length > 1) {
        const middle = add.length >> 1
        await this.#make(change, add.slice(0, middle), remove)
        await this.#make(change, add.slice(middle), remove)
      } else if (add.length === 0) for (const topic of remove) asked.delete(topic)
      else if (this.wanted.delete(add[0]!)) this.answers.set(add[0]!, (error as Failure).trouble)
    }
  }
}
