import type { StoreNotice } from '../../observe/store-notice.ts'
import type { RedisFacts } from './redis-facts.ts'

/** What is said while what is stored does not arrive. */
export const starvedReason = 'what is stored in Redis does not arrive here; the connection is being made anew'

/** Tells whoever runs the server how it is with Redis: each thing once, and not at every try. */
export class Notices {
  readonly #shown: string
  readonly #notify: (notice: StoreNotice) => void
  #whyDown = 'it was never reached'
  #whyTailDown = ''
  #warnings: readonly string[] = []

  /** @param shown the address of Redis, as people may see it. */
  constructor(shown: string, notify: (notice: StoreNotice) => void = () => {}) {
    this.#shown = shown
    this.#notify = notify
  }

  /** Why Redis is out of reach, in a sentence. */
  get whyDown(): string {
    return `Redis at ${this.#shown} cannot be reached: ${this.#whyDown}`
  }

  up({ version }: RedisFacts): void {
    this.#whyDown = 'it is not known why'
    this.#notify({ level: 'info', message: `connected to Redis ${version} at ${this.#shown}` })
  }

  /** @param isTold whether somebody else is told of it anyway. */
  down(reason: Error, isTold: boolean): void {
    if (reason.message === this.#whyDown) return
    this.#whyDown = reason.message
    if (!isTold) this.#warn(`${this.whyDown}; trying again`)
  }

  tailUp(): void {
    this.#whyTailDown = ''
  }

  tailDown(reason: Error): void {
    if (reason.message === this.#whyTailDown) return
    this.#whyTailDown = reason.message
    this.#warn(`nothing arrives from Redis: ${reason.message}; connecting anew`)
  }

  starved(): void {
    this.#warn(starvedReason)
  }

  /** What Redis is set to now. */
  learn({ warnings }: RedisFacts): void {
    for (const warning of warnings) if (!this.#warnings.includes(warning)) this.#warn(`Redis: ${warning}`)
    this.#warnings = warnings
  }

  #warn(message: string): void {
    this.#notify({ level: 'warn', message })
  }
}
