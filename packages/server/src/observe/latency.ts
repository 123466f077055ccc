/** Upper bounds of the buckets, in seconds: from a memory log's answer to a disk that is about to fail. */
const latencyBounds = Object.freeze([
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
])

/** Counts durations in buckets. One addition an observation: it is on the road of every publish. */
export class Latency {
  readonly #counts = new Array<number>(latencyBounds.length + 1).fill(0)
  #sum = 0

  /** @param seconds how long it took. */
  observe(seconds: number): void {
    let bucket = 0
    while (bucket < latencyBounds.length && seconds > latencyBounds[bucket]!) bucket++
    this.#counts[bucket]!++
    this.#sum += seconds
  }

  /** All observed durations together, in seconds. */
  get sum(): number {
    return this.#sum
  }

  /** How many durations were observed. */
  get count(): number {
    return this.#counts.reduce((total, count) => total + count, 0)
  }

  /** For each bound, and at last for infinity, how many took at most so long. */
  get cumulative(): readonly { readonly bound: number; readonly count: number }[] {
    let total = 0
    return this.#counts.map((count, index) => {
      total += count
      return { bound: latencyBounds[index] ?? Number.POSITIVE_INFINITY, count: total }
    })
  }
}
