/** Stops what was started. */
export type Stop = () => void

/**
 * Something that has a value and says when it has another, in the shape that `useSyncExternalStore` asks for. It works
 * from its first listener to its last; between renders, when React takes a listener away to put it back at once (as
 * StrictMode does), it goes on.
 */
export abstract class Observer<Value> {
  /** What there is before anything happened, and all that a server renders. */
  readonly #initial: Value
  readonly #listeners = new Set<() => void>()
  #value: Value
  #stop: Stop | undefined

  constructor(initial: Value) {
    this.#initial = initial
    this.#value = initial
  }

  /** Begins to watch. */
  protected abstract start(): Stop

  readonly subscribe = (listener: () => void): Stop => {
    this.#listeners.add(listener)
    this.#stop ??= this.start()
    return () => {
      this.#listeners.delete(listener)
      queueMicrotask(() => this.#rest())
    }
  }

  readonly getSnapshot = (): Value => this.#value

  readonly getServerSnapshot = (): Value => this.#initial

  protected get value(): Value {
    return this.#value
  }

  protected set value(value: Value) {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of [...this.#listeners]) listener()
  }

  #rest(): void {
    if (this.#listeners.size > 0) return
    this.#stop?.()
    this.#stop = undefined
  }
}
