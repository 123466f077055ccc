import { find } from './element.ts'

/** The least time between two announcements, in milliseconds: a burst must not talk for minutes. */
const pauseMs = 1_500

/** Says to readers of screens what others see. While much happens it says the newest only. */
export class Announcer {
  readonly #region = find('announcer', HTMLElement)
  #next: string | undefined
  #timer = 0

  say(text: string): void {
    this.#next = text
    if (this.#timer !== 0) return
    this.#flush()
  }

  #flush(): void {
    this.#timer = 0
    if (this.#next === undefined) return
    this.#region.textContent = this.#next
    this.#next = undefined
    this.#timer = window.setTimeout(() => this.#flush(), pauseMs)
  }
}
