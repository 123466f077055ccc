/** One block that is not done with yet. */
export interface LedgerEntry {
  readonly place: string
  /** How many still have it in hand. */
  left: number
}

/**
 * Says up to which place everything was handled, when some of it waits in queues: the place of the last block before
 * the first one that somebody still has in hand.
 */
export class Ledger {
  /** All up to here was handled; `undefined` if nothing was. */
  handled: string | undefined
  readonly #open: LedgerEntry[] = []
  readonly #onMove: () => void

  constructor(onMove: () => void) {
    this.#onMove = onMove
  }

  /** Enters a block that one hand holds. */
  enter(place: string): LedgerEntry {
    const entry = { place, left: 1 }
    this.#open.push(entry)
    return entry
  }

  /** One hand is done with it. */
  settle(entry: LedgerEntry): void {
    entry.left--
    if (this.#open[0]?.left !== 0) return
    while (this.#open[0]?.left === 0) this.handled = this.#open.shift()!.place
    this.#onMove()
  }
}
