/**
 * An attribute like `onmessage` (HTML standard, 8.1.8.1): a listener whose place is that of the first handler put into
 * it, and which calls whatever handler is there.
 */
export class EventHandler<Value extends (event: never) => unknown> {
  readonly #target: EventTarget
  readonly #type: string
  #value: Value | null = null
  readonly #listener = (event: Event): void => {
    ;(this.#value as ((event: Event) => unknown) | null)?.call(this.#target, event)
  }

  constructor(target: EventTarget, type: string) {
    this.#target = target
    this.#type = type
  }

  get value(): Value | null {
    return this.#value
  }

  set value(value: Value | null) {
    this.#value = typeof value === 'function' ? value : null
    if (this.#value === null) this.#target.removeEventListener(this.#type, this.#listener)
    else this.#target.addEventListener(this.#type, this.#listener)
  }
}
