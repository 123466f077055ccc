/** Which tab wants which topics. */
export class Roster {
  readonly #topics = new Map<string, ReadonlySet<string>>()

  get tabs(): string[] {
    return [...this.#topics.keys()]
  }

  /** What all of them together want. */
  get union(): Set<string> {
    return new Set([...this.#topics.values()].flatMap((topics) => [...topics]))
  }

  /** Notes what a tab wants; nothing, if it is gone. Returns what is wanted anew, and what by nobody any more. */
  set(tab: string, topics: Iterable<string> | undefined): { added: string[]; removed: string[] } {
    const before = this.union
    if (topics === undefined) this.#topics.delete(tab)
    else this.#topics.set(tab, new Set(topics))
    const after = this.union
    return {
      added: [...after].filter((topic) => !before.has(topic)),
      removed: [...before].filter((topic) => !after.has(topic)),
    }
  }

  has(tab: string): boolean {
    return this.#topics.has(tab)
  }
}
