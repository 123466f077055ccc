import type { Peers } from './peers/peers.ts'

/** How often the others are asked, in milliseconds: so late may a feed go on that another has stopped. */
const askEveryMs = 2_000

/**
 * Whose turn it is to publish a feed: of the processes where somebody listens to it, the one whose name is the
 * smallest. They ask each other, now and then: whoever dies answers no more, and another takes its place.
 */
export class FeedTurn {
  readonly #peers: Peers
  readonly #kind: string
  #isOurs = true
  #askedAt = Number.NEGATIVE_INFINITY

  /** @param isWanted whether somebody listens to the feed here. */
  constructor(peers: Peers, topic: string, isWanted: () => boolean) {
    this.#peers = peers
    this.#kind = `feed ${topic}`
    peers.answer(this.#kind, (asker) => {
      // Who goes first need not be asked whether it does.
      if (typeof asker === 'string' && asker < peers.id) this.#settle(false)
      return isWanted()
    })
  }

  /** At once, if there is nobody to ask. */
  get isOurs(): boolean | Promise<boolean> {
    if (this.#peers.others === 0) return true
    if (performance.now() - this.#askedAt < askEveryMs) return this.#isOurs
    return this.#ask()
  }

  async #ask(): Promise<boolean> {
    const { id } = this.#peers
    const answers = await this.#peers.askAll(this.#kind, id)
    this.#settle(!answers.some(({ from, answer }) => answer === true && from < id))
    return this.#isOurs
  }

  #settle(isOurs: boolean): void {
    this.#isOurs = isOurs
    this.#askedAt = performance.now()
  }
}
