/** How many of something each of many has, e.g. streams of users. Who has none costs nothing. */
export class Tally {
  readonly #counts = new Map<string, number>()

  /** How many have at least one. */
  get size(): number {
    return this.#counts.size
  }

  /** All who have at least one. */
  names(): Iterable<string> {
    return this.#counts.keys()
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  add(name: string): void {
    this.#counts.set(name, this.of(name) + 1)
  }

  remove(name: string): void {
    const rest = this.of(name) - 1
    if (rest > 0) this.#counts.set(name, rest)
    else this.#counts.delete(name)
  }
}
