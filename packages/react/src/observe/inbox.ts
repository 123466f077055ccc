import type { TidingsEvent } from '@tidings/client'
import { type Api, type Notification, type NotificationPage, notificationOf } from '@tidings/client/api'
import type { WindowSource } from './event-window.ts'
import { nextFrame } from './frame.ts'
import { keepLoaded } from './keep-loaded.ts'
import { Observer, type Stop } from './observer.ts'
import type { SeenMark } from './seen-mark.ts'

/** A notification, and whether this user has seen it on this browser. */
export interface InboxNotification extends Notification {
  readonly isUnread: boolean
}

/** A user's notifications as far as they are loaded. */
export interface InboxState {
  /** Newest first. */
  readonly notifications: readonly InboxNotification[]
  /** How many of them are unread. */
  readonly unreadCount: number
  /** Whether a page is on its way. */
  readonly isLoading: boolean
  /** Why the last page could not be loaded: a TidingsRequestError. */
  readonly error: Error | undefined
  /** Whether the server has older ones. */
  readonly hasMore: boolean
}

/** What an inbox is made from. */
export interface InboxSource extends Omit<WindowSource, 'api'> {
  readonly api: Pick<Api, 'notifications'>
}

/** How many notifications are loaded at a time. */
const pageSize = 20

/** How many are kept when more and more arrive, or as many as were loaded, if that is more. */
const keep = 200

const empty: InboxState = Object.freeze({
  notifications: Object.freeze([]),
  unreadCount: 0,
  isLoading: false,
  error: undefined,
  hasMore: false,
})

/** A user's notifications: what the server has kept, and what arrives, each once. */
export class Inbox extends Observer<InboxState> {
  readonly #source: InboxSource
  readonly #user: string | undefined
  readonly #seen: SeenMark
  #arrived: Notification[] = []
  /** Arrived while the first page was on its way, which may not have them. */
  #recent: Notification[] = []
  #all: readonly Notification[] = []
  #next: string | null = null
  #limit = keep
  #loading: AbortController | undefined

  constructor(source: InboxSource, user: string | undefined, seen: SeenMark) {
    super(user === undefined ? empty : { ...empty, isLoading: true })
    this.#source = source
    this.#user = user
    this.#seen = seen
  }

  protected start(): Stop {
    if (this.#user === undefined) return () => {}
    const { stream, wanted } = this.#source
    const topic = `user/${this.#user}`
    const stops = [
      stream.on('notification', (event) => this.#take(event), { topic }),
      keepLoaded({ stream, wanted, topics: [topic], load: () => void this.reload() }),
      this.#seen.watch(() => this.#tell({})),
    ]
    return () => {
      this.#loading?.abort()
      for (const stop of stops) stop()
    }
  }

  /** Marks one as read. */
  readonly markRead = (id: string): void => {
    this.#seen.markRead(id, this.#all)
  }

  /** Marks all as read, also those that are not loaded. */
  readonly markAllRead = (): void => {
    this.#show()
    this.#seen.markAllRead(this.#all)
  }

  /** Loads the newest page, and forgets what was loaded before. */
  readonly reload = async (): Promise<void> => {
    this.#recent = []
    const page = await this.#load(undefined)
    if (page === undefined) return
    this.#arrived = []
    this.#all = merge(this.#recent, page.notifications)
    this.#finish(page)
  }

  /** Loads the next older page. */
  readonly loadMore = async (): Promise<void> => {
    if (this.#next === null || this.value.isLoading) return
    const page = await this.#load(this.#next)
    if (page === undefined) return
    this.#all = merge(this.#all, page.notifications)
    this.#finish(page)
  }

  /** Loads a page; `undefined` if it failed, or if another load has taken its place. */
  async #load(before: string | undefined): Promise<NotificationPage | undefined> {
    if (this.#user === undefined) return undefined
    this.#loading?.abort()
    const loading = new AbortController()
    this.#loading = loading
    const { signal } = loading
    this.#tell({ isLoading: true })
    try {
      const page = await this.#source.api.notifications(this.#user, { limit: pageSize, before }, { signal })
      return signal.aborted ? undefined : page
    } catch (error) {
      if (!signal.aborted) this.#tell({ isLoading: false, error: error as Error })
      return undefined
    }
  }

  #finish({ next }: NotificationPage): void {
    this.#next = next
    this.#limit = Math.max(keep, this.#all.length)
    this.#tell({ isLoading: false, error: undefined, hasMore: next !== null })
  }

  #take(event: TidingsEvent): void {
    const notification = notificationOf(event)
    if (notification === undefined) return
    this.#arrived.unshift(notification)
    if (this.value.isLoading) this.#recent.unshift(notification)
    nextFrame(this.#show)
  }

  readonly #show = (): void => {
    if (this.#arrived.length === 0) return
    this.#all = merge(this.#arrived, this.#all)
    this.#arrived = []
    // What falls off the end can be loaded again: the oldest that is left says from where.
    if (this.#all.length > this.#limit) {
      this.#all = this.#all.slice(0, this.#limit)
      this.#next = this.#all.at(-1)!.id
    }
    this.#tell({ hasMore: this.#next !== null })
  }

  #tell(change: Partial<InboxState>): void {
    const unread = new Set(this.#seen.unreadOf(this.#all))
    const notifications = this.#all.map((item) => ({ ...item, isUnread: unread.has(item) }))
    this.value = { ...this.value, ...change, notifications, unreadCount: unread.size }
  }
}

/** The newer ones, then those of the older that are not among them. */
function merge(newer: readonly Notification[], older: readonly Notification[]): readonly Notification[] {
  const ids = new Set(newer.map(({ id }) => id))
  const unique = newer.filter(({ id }) => ids.delete(id))
  const known = new Set(unique.map(({ id }) => id))
  return [...unique, ...older.filter(({ id }) => !known.has(id))]
}
