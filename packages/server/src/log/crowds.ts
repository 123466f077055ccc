/** How long a prefix is taken for crowded without looking again, in milliseconds. */
const believedMs = 5_000

/** Prefixes remembered at once. */
const remembered = 1_000

/**
 * Remembers which prefixes had too many topics to read one by one: finding that out again for each page costs as much
 * as the page. An outdated memory costs time, never an event.
 */
export class Crowds {
  readonly #since = new Map<string, number>()

  add(prefix: string): void {
    if (this.#since.size >= remembered) this.#since.clear()
    this.#since.set(prefix, performance.now())
  }

  has(prefix: string): boolean {
    const since = this.#since.get(prefix)
    return since !== undefined && performance.now() - since < believedMs
  }
}
