/** Notices when nothing at all arrives, not even a heartbeat. */
export class Watchdog {
  readonly #onSilent: () => void
  #limitMs = 0
  #heardAtMs = 0
  /** Nobody is listening just now, so that nothing heard means nothing. */
  isHeld = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(onSilent: () => void) {
    this.#onSilent = onSilent
  }

  /** From now on, so long a silence is too long; 0 or less: none is. */
  watch(limitMs: number): void {
    this.#limitMs = limitMs
    this.hear()
    clearTimeout(this.#timer)
    if (limitMs > 0) this.#timer = setTimeout(() => this.check(), limitMs)
  }

  /** Something arrived. No timer is touched: there can be thousands of pieces a second. */
  hear(): void {
    this.#heardAtMs = Date.now()
  }

  /** Looks now: timers stand still while a device sleeps. */
  check(): void {
    if (this.#limitMs <= 0) return
    if (this.isHeld) this.hear()
    const leftMs = this.#heardAtMs + this.#limitMs - Date.now()
    clearTimeout(this.#timer)
    if (leftMs <= 0) this.#onSilent()
    else this.#timer = setTimeout(() => this.check(), leftMs)
  }

  stop(): void {
    this.watch(0)
  }
}
