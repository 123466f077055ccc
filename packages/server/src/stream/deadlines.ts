/** What has a deadline. */
export interface Dated {
  onDeadline(now: number): void
}

/** Deadlines that fall into the same tick are kept together, in milliseconds: nobody can be told apart from them. */
const tickMs = 100

/**
 * A timer sees only the time that the computer was awake and its clock was right: it is looked at this often, in
 * milliseconds, even if nothing is due. A stream ends within a second of its permission, by whatever the clock then says.
 */
const longestSleepMs = 500

/**
 * Deadlines of many streams by the clock on the wall, on which tokens expire. Whoever is about to write looks here
 * first (`sweep`), so that nothing is written too late however late the timer is: a stopped process that goes on
 * finds its streams expired before it writes to any.
 */
export class Deadlines {
  readonly #ticks = new Map<number, Set<Dated>>()
  /** The first tick at which something is due. */
  #earliest = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  /** @param at in milliseconds since the epoch. */
  add(dated: Dated, at: number): void {
    const tick = tickOf(at)
    const others = this.#ticks.get(tick)
    if (others !== undefined) {
      others.add(dated)
      return
    }
    this.#ticks.set(tick, new Set([dated]))
    if (tick < this.#earliest) this.#wait(tick)
  }

  delete(dated: Dated, at: number): void {
    const tick = tickOf(at)
    const others = this.#ticks.get(tick)
    others?.delete(dated)
    if (others?.size === 0) this.#ticks.delete(tick)
  }

  /** Calls everything that is due. */
  sweep(now = Date.now()): void {
    if (now < this.#earliest * tickMs) return
    const due = [...this.#ticks].filter(([tick]) => tick * tickMs <= now)
    for (const [tick] of due) this.#ticks.delete(tick)
    // Before the calls, for whoever is called may add a deadline.
    let earliest = Number.POSITIVE_INFINITY
    for (const tick of this.#ticks.keys()) earliest = Math.min(earliest, tick)
    this.#wait(earliest)
    for (const [, all] of due) for (const dated of all) dated.onDeadline(now)
  }

  close(): void {
    this.#wait(Number.POSITIVE_INFINITY)
  }

  #wait(earliest: number): void {
    clearTimeout(this.#timer)
    this.#earliest = earliest
    if (earliest === Number.POSITIVE_INFINITY) return
    const ms = Math.min(longestSleepMs, Math.max(0, earliest * tickMs - Date.now()))
    this.#timer = setTimeout(() => this.#wake(), ms)
  }

  #wake(): void {
    const isDue = Date.now() >= this.#earliest * tickMs
    if (isDue) this.sweep()
    else this.#wait(this.#earliest)
  }
}

/** Rounded up: a deadline is never called before it is due. */
function tickOf(at: number): number {
  return Math.ceil(at / tickMs)
}
