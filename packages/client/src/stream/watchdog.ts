import { timerMs } from '../bounds.ts'

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
    // What the server says may be no number at all, or more than a timer takes.
    this.#limitMs = Math.min(limitMs, timerMs) || 0
    this.hear()
    this.check()
  }

  /** Something arrived. No timer is touched: there can be thousands of pieces a second. */
  hear(): void {
    this.#heardAtMs = Date.now()
  }

  /** Looks now: timers stand still while a device sleeps. */
  check(): void {
    clearTimeout(this.#timer)
    if (this.#limitMs <= 0) return
    // A clock that was set back would have to come to where it was first.
    if (this.isHeld || Date.now() < this.#heardAtMs) this.hear()
    const leftMs = this.#heardAtMs + this.#limitMs - Date.now()
    if (leftMs <= 0) this.#onSilent()
    else this.#timer = setTimeout(() => this.check(), leftMs)
  }

  stop(): void {
    this.isHeld = false
    this.watch(0)
  }
}
