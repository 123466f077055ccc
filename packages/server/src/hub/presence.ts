/** Who is here: how many streams each user has open. */
export class Presence {
  readonly #streams = new Map<string, number>()

  /** How many users have at least one stream open. */
  get users(): number {
    return this.#streams.size
  }

  /** How many streams a user has open. */
  streamsOf(user: string): number {
    return this.#streams.get(user) ?? 0
  }

  enter(user: string): void {
    this.#streams.set(user, this.streamsOf(user) + 1)
  }

  leave(user: string): void {
    const rest = this.streamsOf(user) - 1
    if (rest > 0) this.#streams.set(user, rest)
    else this.#streams.delete(user)
  }
}
