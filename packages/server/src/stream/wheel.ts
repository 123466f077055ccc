/** What turns with a wheel. */
export interface Spoke {
  /** Called a few times in every period. */
  onTick(): void
}

/** Slots of the wheel. Each tick visits one of them, so that work is spread evenly. */
const slots = 16

/**
 * One timer for all connections. Every spoke is visited once in a turn of the wheel, each in its slot, wherever
 * in the turn it came.
 */
export class Wheel {
  readonly #slots = Array.from({ length: slots }, () => new Set<Spoke>())
  readonly #timer: NodeJS.Timeout
  #next = 0
  #turns = 0

  /**
   * @param turnMs how long a turn takes.
   */
  constructor(turnMs: number) {
    // An interval skips the beats that a stopped process missed, so that nothing bursts when it goes on.
    this.#timer = setInterval(() => this.#tick(), turnMs / slots)
  }

  /** How often the wheel has turned: a clock that costs nothing to read. */
  get turns(): number {
    return this.#turns
  }

  /**
   * Puts a spoke into the emptiest slot.
   * @returns the slot, to delete it from.
   */
  add(spoke: Spoke): Set<Spoke> {
    const slot = this.#slots.reduce((least, other) => (other.size < least.size ? other : least))
    return slot.add(spoke)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    const slot = this.#slots[this.#next]!
    this.#next = (this.#next + 1) % slots
    if (this.#next === 0) this.#turns++
    for (const spoke of slot) spoke.onTick()
  }
}
