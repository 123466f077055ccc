import type { NotificationType } from '@tidings/client/api'
import { Observer, type Stop } from '../observe/observer.ts'

/** A note that is shown for a while. */
export interface Toast {
  readonly key: string
  /** `missed` and `more` stand for several: as many as `count` says, without title and message. */
  readonly kind: NotificationType | 'announcement' | 'missed' | 'more'
  readonly title: string
  readonly message: string
  readonly link?: string | undefined
  readonly count: number
}

/** How many toasts are shown, and how long. */
export interface ToastQueueOptions {
  readonly max: number
  readonly durationMs: number
}

const none: readonly Toast[] = Object.freeze([])

/**
 * The toasts that are shown now, oldest first: at most `max`, and one more that counts the others. Each goes when its
 * time is over; while it is paused no time passes.
 */
export class ToastQueue extends Observer<readonly Toast[]> {
  readonly #options: ToastQueueOptions
  /** What is left of each toast's time, in milliseconds, since `#sinceMs`. */
  readonly #left = new Map<string, number>()
  readonly #pauses = new Set<string>()
  /** By a clock that nobody sets: a toast must not stay for the hour that the other one is put back. */
  #sinceMs = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: ToastQueueOptions) {
    super(none)
    this.#options = options
  }

  protected start(): Stop {
    this.#sinceMs = performance.now()
    this.#run()
    return () => this.#rest()
  }

  /** Shows toasts, as far as there is room; the others are counted. */
  add(toasts: readonly Toast[]): void {
    const { max } = this.#options
    const shown = this.value.filter(({ kind }) => kind !== 'more')
    const room = Math.max(0, max - shown.length)
    const rest = toasts.slice(room)
    const more = this.value.find(({ kind }) => kind === 'more')
    const next = [...shown, ...toasts.slice(0, room)]
    const count = (more?.count ?? 0) + rest.reduce((sum, toast) => sum + toast.count, 0)
    if (count > 0) next.push(summary('more', count))
    // What is counted further stays as long as what is new.
    this.#show(next, rest.length > 0 ? [...toasts, summary('more', count)] : toasts)
  }

  /** Shows one toast that stands for several which were missed. */
  addMissed(count: number): void {
    const earlier = this.value.find(({ kind }) => kind === 'missed')
    const toast = summary('missed', count + (earlier?.count ?? 0))
    this.#show([toast, ...this.value.filter(({ kind }) => kind !== 'missed')], [toast])
  }

  /** Takes a toast away. */
  readonly close = (key: string): void => {
    this.#show(
      this.value.filter((toast) => toast.key !== key),
      [],
    )
  }

  /** Stops the time for a reason, of which there may be several at once. */
  pause(reason: string): void {
    this.#rest()
    this.#pauses.add(reason)
  }

  /** The reason is gone. */
  resume(reason: string): void {
    if (!this.#pauses.delete(reason) || this.#pauses.size > 0) return
    this.#sinceMs = performance.now()
    this.#run()
  }

  #show(toasts: readonly Toast[], fresh: readonly Toast[]): void {
    this.#rest()
    const keys = new Set(toasts.map(({ key }) => key))
    for (const key of this.#left.keys()) if (!keys.has(key)) this.#left.delete(key)
    for (const { key } of fresh) if (keys.has(key)) this.#left.set(key, this.#options.durationMs)
    // With the last toast goes what was pointed at: nobody will say that the pointer has left it.
    if (toasts.length === 0) this.#pauses.clear()
    this.#run()
    this.value = toasts
  }

  /** Counts what has passed. */
  #rest(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const now = performance.now()
    const passed = this.#pauses.size > 0 ? 0 : now - this.#sinceMs
    this.#sinceMs = now
    for (const [key, left] of this.#left) this.#left.set(key, left - passed)
  }

  #run(): void {
    if (this.#pauses.size > 0 || this.#left.size === 0) return
    this.#timer = setTimeout(this.#expire, Math.max(0, Math.min(...this.#left.values())))
  }

  readonly #expire = (): void => {
    this.#rest()
    this.#show(
      this.value.filter(({ key }) => (this.#left.get(key) ?? 0) > 0),
      [],
    )
  }
}

function summary(kind: 'missed' | 'more', count: number): Toast {
  return { key: kind, kind, title: '', message: '', count }
}
