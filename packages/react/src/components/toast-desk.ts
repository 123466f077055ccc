import type { TidingsEvent } from '@tidings/client'
import { notificationOf } from '@tidings/client/api'
import { nextFrame } from '../observe/frame.ts'
import type { Stop } from '../observe/observer.ts'
import { Stage } from '../observe/stage.ts'
import type { TidingsRoot } from '../tidings.ts'
import { type Toast, ToastQueue, type ToastQueueOptions } from './toast-queue.ts'

/** A toast that waits for its turn. */
interface Waiting {
  readonly toast: Toast
  readonly id: string
  readonly timeMs: number
  /** When it arrived here, in milliseconds since 1970. */
  readonly arrivedAtMs: number
  /** Whether it was missed, and came while catching up. */
  readonly isReplayed: boolean
}

/** What waits longer than this for a tab that shows it, in milliseconds, is news no more. */
const freshMs = 1_000

/** How many may wait in a tab that nobody looks at, and how many ids are remembered; older ones are as good as seen. */
const maxWaiting = 1_000

/** What a toaster shows, and how. */
export interface ToastDeskOptions extends ToastQueueOptions {
  /** Whether announcements are shown too. */
  readonly isAnnouncing: boolean
}

/**
 * Makes toasts of what arrives: once for a whole browser, and what arrived late as one. Late is what was missed and
 * came while catching up, and what came while no tab was looked at; of that, what has been read meanwhile is left out.
 */
export class ToastDesk extends ToastQueue {
  readonly #root: TidingsRoot
  readonly #isAnnouncing: boolean
  readonly #stage: Stage
  /** What this tab or another one has shown. */
  readonly #shown = new Set<string>()
  #waiting: Waiting[] = []

  constructor(root: TidingsRoot, { isAnnouncing, ...options }: ToastDeskOptions) {
    super(options)
    this.#root = root
    this.#isAnnouncing = isAnnouncing
    this.#stage = new Stage(root.user ?? '')
  }

  protected override start(): Stop {
    const { stream, wanted, seen, user } = this.#root
    const topics: string[] = []
    const stops = [
      super.start(),
      seen.watch(() => {}),
      stream.on('live', () => nextFrame(this.#decide)),
      this.#stage.enter(() => nextFrame(this.#decide), this.#remember),
    ]
    if (user !== undefined) {
      const topic = `user/${user}`
      topics.push(topic)
      stops.push(stream.on('notification', (event) => this.#take(event, false), { topic }))
    }
    if (this.#isAnnouncing) {
      topics.push('broadcast')
      stops.push(stream.on('announcement', (event) => this.#take(event, true), { topic: 'broadcast' }))
    }
    stops.push(wanted.want(topics))
    return () => {
      for (const stop of stops) stop()
    }
  }

  #take(event: TidingsEvent, isAnnouncement: boolean): void {
    const notification = notificationOf(event)
    if (notification === undefined) return
    const { id, timeMs, type, title, message, link } = notification
    const kind = isAnnouncement ? 'announcement' : type
    const key = id === '' ? `${timeMs}/${title}` : id
    const toast: Toast = { key, kind, title, message, link, count: 1 }
    this.#waiting.push({ toast, id, timeMs, arrivedAtMs: Date.now(), isReplayed: event.isReplayed })
    if (this.#waiting.length > maxWaiting) this.#waiting.shift()
    nextFrame(this.#decide)
  }

  readonly #decide = (): void => {
    this.#waiting = this.#waiting.filter(({ id }) => id === '' || !this.#shown.has(id))
    if (!this.#stage.isOurs) return
    // As long as more is to come, nobody knows how much was missed.
    const isCatchingUp = this.#root.stream.status.state === 'catching-up'
    const due = this.#waiting.filter(({ isReplayed }) => !(isCatchingUp && isReplayed))
    this.#waiting = this.#waiting.filter((each) => !due.includes(each))
    const late = due.filter((each) => isLate(each) && this.#isUnseen(each))
    const news = due.filter((each) => !isLate(each))
    if (late.length > 1) this.addMissed(late.length)
    const single = late.length === 1 ? late : []
    const toasts = [...single, ...news].map(({ toast }) => toast)
    if (toasts.length > 0) this.add(toasts)
    this.#tellShown([...late, ...news].map(({ id }) => id))
  }

  #isUnseen({ toast, id, timeMs }: Waiting): boolean {
    return toast.kind === 'announcement' || this.#root.seen.unreadOf([{ id, timeMs }]).length > 0
  }

  #tellShown(ids: readonly string[]): void {
    const named = ids.filter((id) => id !== '')
    if (named.length === 0) return
    this.#remember(named)
    this.#stage.tell(named)
  }

  readonly #remember = (ids: readonly string[]): void => {
    for (const id of ids) this.#shown.add(id)
    for (const id of this.#shown) {
      if (this.#shown.size <= maxWaiting) break
      this.#shown.delete(id)
    }
  }
}

function isLate({ isReplayed, arrivedAtMs }: Waiting): boolean {
  return isReplayed || Date.now() - arrivedAtMs > freshMs
}
