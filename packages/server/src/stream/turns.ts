/** Who waits for a turn. */
export interface Waiting {
  /** Does one portion of work, and asks for another turn if there is more. */
  takeTurn(): void
}

/**
 * Shares the event loop between the streams that are behind and the ones that are live: those who are behind
 * take turns, one portion each, for a few milliseconds, then whatever else has happened comes first.
 */
export class Turns {
  readonly #sliceMs: number
  #queue: Waiting[] = []
  #isScheduled = false

  /**
   * @param sliceMs how long portions may keep the event loop at a time: what catching up adds to the latency
   *   of live events.
   */
  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs
  }

  ask(waiting: Waiting): void {
    this.#queue.push(waiting)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#run())
  }

  #run(): void {
    this.#isScheduled = false
    const until = performance.now() + this.#sliceMs
    const queue = this.#queue
    this.#queue = []
    let at = 0
    while (at < queue.length && performance.now() < until) queue[at++]!.takeTurn()
    if (at < queue.length) this.#queue = [...queue.slice(at), ...this.#queue]
    if (this.#queue.length > 0) this.#schedule()
  }
}
