/** Lets only so many tasks run at once; the others wait, in order. */
export class Gate {
  readonly #places: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(places: number) {
    this.#places = places
  }

  /** How many run or wait. */
  get size(): number {
    return this.#running + this.#waiting.length
  }

  /** Runs a task when it is its turn. */
  async run<Value>(task: () => Promise<Value>): Promise<Value> {
    if (this.#running >= this.#places) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      return await task()
    } finally {
      // Whoever is next takes over this place.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}
