import type { Cursor } from '@tidings/protocol'

/** At most so long an acknowledgement waits for its node, in milliseconds. */
const patienceMs = 100

interface Waiting {
  readonly place: Cursor
  resolve(): void
}

/** Waits until the tail of this node has come to a place. */
export class Showing {
  #reached: Cursor | undefined
  #waiting: Waiting[] = []

  /** The tail has come here. */
  reach(place: Cursor): void {
    this.#reached = place
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = waiting.filter((one) => !isReached(one.place, place))
    for (const one of waiting) if (isReached(one.place, place)) one.resolve()
  }

  /** Resolves when the tail has come to a place, or there is no point in waiting any longer. */
  async until(place: Cursor): Promise<void> {
    if (this.#reached !== undefined && isReached(place, this.#reached)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const one = { place, resolve }
    this.#waiting.push(one)
    const overdue = setTimeout(() => {
      this.#waiting = this.#waiting.filter((other) => other !== one)
      resolve()
    }, patienceMs)
    await promise
    clearTimeout(overdue)
  }

  /** Lets everybody go. */
  close(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }
}

/** In another epoch there is nothing to compare: it is taken for reached when it is the tail's. */
function isReached(place: Cursor, reached: Cursor): boolean {
  return place.epoch === reached.epoch && place.seq <= reached.seq
}
