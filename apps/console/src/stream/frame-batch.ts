/** How many values may wait for a frame: frames stop while a tab is hidden. */
const limit = 2_000

/** Gathers values and hands them on once a frame, however fast they come. */
export class FrameBatch<Value> {
  readonly #onFrame: (values: readonly Value[]) => void
  #values: Value[] = []
  #frame = 0

  constructor(onFrame: (values: readonly Value[]) => void) {
    this.#onFrame = onFrame
  }

  add(value: Value): void {
    this.#values.push(value)
    // Who looks again sees the newest: the older half would be dropped by every list anyway.
    if (this.#values.length > limit) this.#values.splice(0, limit / 2)
    if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#flush)
  }

  /** Forgets what waits. */
  cancel(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    this.#values = []
  }

  readonly #flush = (): void => {
    this.#frame = 0
    const values = this.#values
    this.#values = []
    this.#onFrame(values)
  }
}
