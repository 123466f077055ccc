import type { Failure } from './failure.ts'

/**
 * Changes the topics of one open stream: `false` if it is that stream's end, and the next one is asked for all of them.
 * Rejects if the server refuses.
 */
export type ChangeTopics = (change: { add: string[]; remove: string[] }) => Promise<boolean>

interface Waiting {
  readonly topics: readonly string[]
  resolve(): void
  reject(error: Failure): void
}

/** What a stream wants, what the open one was asked for, and how the one becomes the other. */
export class Topics {
  readonly wanted: Set<string>
  readonly #beside: string | undefined
  /** What the server was asked for. */
  #asked = new Set<string>()
  #change: ChangeTopics | undefined
  #isChanging = false
  #waiting: Waiting[] = []

  /** @param beside what the server sends if it is asked for nothing, and is asked for beside whatever is added. */
  constructor(wanted: Iterable<string>, beside: string | undefined) {
    this.wanted = new Set(wanted)
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

  /** Wants these too. Resolves when the open stream has them; rejects if the server refuses. */
  add(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.wanted.add(topic)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ topics, resolve, reject })
      void this.#settle()
    })
  }

  remove(topics: readonly string[]): void {
    for (const topic of topics) this.wanted.delete(topic)
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
    if (this.#change !== undefined) this.#waiting = this.#waiting.filter((each) => !this.#isDone(each))
  }

  async #make(change: ChangeTopics, add: string[], remove: string[]): Promise<void> {
    const asked = this.#asked
    try {
      if (!(await change({ add, remove }))) return
      for (const topic of add) asked.add(topic)
      for (const topic of remove) asked.delete(topic)
    } catch (error) {
      // One topic that is refused must not keep the others away.
      if (add.length > 1) for (const topic of add) await this.#make(change, [topic], [])
      else if (add.length === 1) this.#refuse(add[0]!, error as Failure)
      else for (const topic of remove) asked.delete(topic)
    }
  }

  #refuse(topic: string, error: Failure): void {
    this.wanted.delete(topic)
    this.#waiting = this.#waiting.filter((each) => {
      if (!each.topics.includes(topic)) return true
      each.reject(error)
      return false
    })
  }

  #isDone({ topics, resolve }: Waiting): boolean {
    // What was taken back meanwhile is not waited for.
    const isDone = topics.every((topic) => this.#asked.has(topic) || !this.wanted.has(topic))
    if (isDone) resolve()
    return isDone
  }
}
