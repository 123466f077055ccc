import { inboxLimit } from '../bounds.ts'
import type { Block } from '../stream/block.ts'

/** What waits for a tab's handlers: other tabs cannot be made to wait for them. */
export class Inbox {
  readonly #deliver: (block: Block) => Promise<void> | undefined
  readonly #waiting: Block[] = []
  /** Those that the pump has taken out. */
  #turn: Block[] = []
  #pumping: Promise<void> | undefined
  /** Where the tab stands: the place of the last block that was delivered. */
  place: string

  constructor(place: string, deliver: (block: Block) => Promise<void> | undefined) {
    this.place = place
    this.#deliver = deliver
  }

  /** Takes blocks. Returns whether there was room; if not, none of them was taken. */
  push(blocks: readonly Block[], limit = inboxLimit): boolean {
    if (this.#waiting.length + blocks.length > limit) return false
    this.#waiting.push(...blocks)
    this.#pumping ??= Promise.resolve().then(() => this.#pump())
    return true
  }

  /** Gives up what waits: only what comes from now on calls handlers. */
  clear(): void {
    const given = [...this.#turn.splice(0), ...this.#waiting.splice(0)]
    // What comes before the first event or gap would call no handler, and counts as delivered: a tab that had no place yet
    // has one by it.
    const end = given.findIndex(
      (block) => block.kind === 'event' || (block.kind === 'control' && block.type === 'gap'),
    )
    const passed = (end === -1 ? given : given.slice(0, end)).at(-1)
    if (passed !== undefined) this.#waiting.push({ kind: 'place', place: passed.place })
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
    while (this.#waiting.length > 0) {
      // Taken out so many at once: one by one, each would move all the others.
      this.#turn = this.#waiting.splice(0, 256)
      for (let block = this.#turn.shift(); block !== undefined; block = this.#turn.shift()) {
        const pending = this.deliver(block)
        if (pending !== undefined) await pending
      }
    }
    this.#pumping = undefined
  }
}
