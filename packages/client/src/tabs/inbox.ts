import { inboxLimit } from '../bounds.ts'
import type { Block } from '../stream/block.ts'

/** What waits for a tab's handlers: other tabs cannot be made to wait for them. */
export class Inbox {
  readonly #deliver: (block: Block) => Promise<void> | undefined
  #waiting: Block[] = []
  #pumping: Promise<void> | undefined
  /** Where the tab stands: the place of the last block that was delivered. */
  place: string

  constructor(place: string, deliver: (block: Block) => Promise<void> | undefined) {
    this.place = place
    this.#deliver = deliver
  }

  /** Takes blocks. Returns whether there was room; if not, none of them was taken. */
  push(blocks: readonly Block[]): boolean {
    if (this.#waiting.length + blocks.length > inboxLimit) return false
    this.#waiting.push(...blocks)
    this.#pumping ??= Promise.resolve().then(() => this.#pump())
    return true
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping
  }

  /** Delivers a block past those that wait. */
  deliver(block: Block): Promise<void> | undefined {
    const pending = this.#deliver(block)
    if (pending === undefined) this.place = block.place
    return pending?.then(() => {
      this.place = block.place
    })
  }

  async #pump(): Promise<void> {
    for (let next = 0; next < this.#waiting.length; next++) {
      const pending = this.deliver(this.#waiting[next]!)
      if (pending !== undefined) await pending
      // Taken out now and then: one by one, each would move all the others.
      if (next >= 255) {
        this.#waiting = this.#waiting.slice(next + 1)
        next = -1
      }
    }
    this.#waiting = []
    this.#pumping = undefined
  }
}
