import { putMs } from '../bounds.ts'
import type { CursorStore } from '../options.ts'
import type { Settings } from './settings.ts'
import { watchSurroundings } from './surroundings.ts'

/** Keeps a stream's place in a store: now and then, and when the page is left. */
export class PlaceStore {
  readonly #store: CursorStore | undefined
  readonly #stopWatching: (() => void) | undefined
  #place: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: Settings) {
    this.#store = options.store === 'session' ? sessionStore(options) : options.store
    if (this.#store !== undefined) this.#stopWatching = watchSurroundings({ onLeave: () => this.#put() })
  }

  /** What was put last, by an earlier page perhaps. */
  get(): ReturnType<CursorStore['get']> {
    return this.#store?.get()
  }

  /** All up to here was handled. */
  keep(place: string): void {
    if (this.#store === undefined || place === this.#place) return
    this.#place = place
    this.#timer ??= setTimeout(() => this.#put(), putMs)
  }

  close(): void {
    this.#put()
    this.#stopWatching?.()
  }

  #put(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    // A place that could not be put is no loss: the next one says more, and an older one repeats what is known by its id.
    new Promise((resolve) => resolve(this.#store!.put(this.#place!))).catch(() => {})
  }
}

/** A tab's own storage, which its reload finds again. */
function sessionStore({ url, topics }: Settings): CursorStore {
  const key = ['tidings', url, ...[...topics].sort()].join(' ')
  return {
    get() {
      try {
        return sessionStorage.getItem(key)
      } catch {
        // A page that may store nothing begins where it would without.
        return null
      }
    },
    put: (id) => sessionStorage.setItem(key, id),
  }
}
