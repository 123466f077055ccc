import type { TidingsEvent } from '@tidings/client'

/** What a tail shows; a new object for each frame in which something has come. */
export interface TailView {
  /** The newest events that the filter lets through, oldest first. */
  readonly events: readonly TidingsEvent[]
  /** How many have come since the tail began, filtered or not. */
  readonly total: number
  /** How many have come since it was paused. */
  readonly waiting: number
  /** How many came in the last second. */
  readonly perSecond: number
}

/** Events that are kept; a reader who pauses can look this far back. */
const limit = 500
const nothing: TailView = { events: [], total: 0, waiting: 0, perSecond: 0 }

/** The newest events of a pattern: takes any number, and tells of them once a frame. */
export class TailLog {
  readonly #onView: (view: TailView) => void
  #kept: TidingsEvent[] = []
  /** Of what the log had: the stream may bring some of it as well. */
  readonly #past = new Set<string>()
  #view = nothing
  #total = 0
  #pausedAt: number | undefined
  #filter = ''
  #frame = 0
  #countBefore = 0
  readonly #timer: ReturnType<typeof setInterval>

  constructor(onView: (view: TailView) => void) {
    this.#onView = onView
    this.#timer = setInterval(() => this.#measure(), 1_000)
  }

  /** Takes in what the log has, in its order: it was there before, so it does not count. */
  begin(past: readonly TidingsEvent[]): void {
    const known = new Set(this.#kept.map(({ id }) => id))
    const added = past.filter(({ id }) => !known.has(id))
    for (const { id } of added) this.#past.add(id)
    // The sort is stable, and both parts are in the log's order: it only finds where they interlock.
    this.#kept = [...added, ...this.#kept].sort((a, b) => a.timeMs - b.timeMs).slice(-limit)
    this.#show()
  }

  /** Adds an event as the newest. */
  push(event: TidingsEvent): void {
    if (this.#past.delete(event.id)) return
    this.#total++
    this.#kept.push(event)
    // In steps, so that not every event moves all the others.
    if (this.#kept.length > 2 * limit) this.#kept = this.#kept.slice(-limit)
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#show())
  }

  /** Holds what is shown still, and counts what comes meanwhile. */
  pause(isPaused: boolean): void {
    this.#pausedAt = isPaused ? this.#total : undefined
    this.#show()
  }

  /** Shows only events whose topic, type or text holds a word. */
  filter(word: string): void {
    this.#filter = word.toLowerCase()
    this.#show(true)
  }

  close(): void {
    clearInterval(this.#timer)
    cancelAnimationFrame(this.#frame)
  }

  #show(isForced = false): void {
    this.#frame = 0
    const waiting = this.#pausedAt === undefined ? 0 : this.#total - this.#pausedAt
    const isStill = this.#pausedAt !== undefined && !isForced && this.#view.events.length > 0
    const events = isStill ? this.#view.events : this.#kept.filter((event) => this.#lets(event)).slice(-limit)
    this.#publish({ ...this.#view, events, total: this.#total, waiting })
  }

  #lets({ topic = '', type, text }: TidingsEvent): boolean {
    const word = this.#filter
    return (
      word === '' ||
      topic.toLowerCase().includes(word) ||
      type.toLowerCase().includes(word) ||
      text.toLowerCase().includes(word)
    )
  }

  #measure(): void {
    const perSecond = this.#total - this.#countBefore
    this.#countBefore = this.#total
    if (perSecond !== this.#view.perSecond) this.#publish({ ...this.#view, perSecond })
  }

  #publish(view: TailView): void {
    this.#view = view
    this.#onView(view)
  }
}
