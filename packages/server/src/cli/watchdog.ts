/** Breaks a connection off when what is expected does not come, or when the whole is stopped. */
export class Watchdog {
  readonly #controller = new AbortController()
  readonly #stopped: AbortSignal
  #timer: NodeJS.Timeout | undefined

  constructor(stopped: AbortSignal) {
    this.#stopped = stopped
    stopped.addEventListener('abort', this.#abort)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  expect(withinMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#abort, withinMs)
  }

  rest(): void {
    clearTimeout(this.#timer)
  }

  /** Also ends the connection, if it has not ended by itself. */
  close(): void {
    this.rest()
    this.#stopped.removeEventListener('abort', this.#abort)
    this.#abort()
  }

  #abort = () => this.#controller.abort()
}
