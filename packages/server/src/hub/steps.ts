import { TidingsError } from '@tidings/protocol'

/** How long somebody waits for a hub that does not move, or does not come to where it should be, in milliseconds. */
const patienceMs = 2_000

/** The steps of a hub, one for each batch of the log, for those who have to wait for it. */
export class Steps {
  #next: PromiseWithResolvers<void> | undefined

  /** The hub has made a step. */
  made(): void {
    this.#next?.resolve()
    this.#next = undefined
  }

  /** Resolves after the next step, or when there has been none for a while. */
  async next(): Promise<void> {
    this.#next ??= Promise.withResolvers()
    let overdue: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      overdue = setTimeout(resolve, patienceMs)
    })
    await Promise.race([this.#next.promise, late])
    clearTimeout(overdue)
  }

  /**
   * Resolves when the hub has come to where it should be.
   * @throws TidingsError `storage_unavailable` if it does not for a while.
   */
  async until(isThere: () => boolean): Promise<void> {
    const deadline = performance.now() + patienceMs
    while (!isThere()) {
      if (performance.now() >= deadline) {
        throw new TidingsError(
          'storage_unavailable',
          'This server is behind; come back in a moment, or ask another.',
        )
      }
      await this.next()
    }
  }
}
