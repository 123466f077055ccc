import type { EventInput } from '@tidings/protocol'
import type {
  ActivityInput,
  AnnouncementInput,
  EventPage,
  NotificationInput,
  NotificationPage,
  Receipt,
  Sent,
  Session,
  Stats,
} from './answers.ts'
import { notificationOf } from './notification.ts'
import { type PageEvent, readEvent, readSent } from './read-answer.ts'
import { type ApiOptions, type Ask, Requester } from './requester.ts'

/** How to send one request. */
export interface RequestOptions {
  /** Ends the request when it aborts; whether a write was stored is then not known. */
  readonly signal?: AbortSignal | undefined
}

/** How to send one write. */
export interface WriteOptions extends RequestOptions {
  /**
   * Under one key events are stored once, also by two calls, or before and after a restart: 1 to 255 visible ASCII
   * characters. One is made for each call, if absent.
   */
  readonly idempotencyKey?: string | undefined
}

/** Which events of the log to read (PROTOCOL §7). */
export interface EventQuery {
  /** A topic or pattern, or several. */
  readonly topics: string | Iterable<string>
  /** Only events of these types; all, if absent. */
  readonly types?: Iterable<string> | undefined
  /** An id: only events after it, or before it. */
  readonly after?: string | undefined
  readonly before?: string | undefined
  /** 1 to 1,000; 100 if absent. */
  readonly limit?: number | undefined
  /** Oldest first (`asc`, the default), or newest first. */
  readonly order?: 'asc' | 'desc' | undefined
}

/** Which notifications to read. */
export interface NotificationQuery {
  /** 1 to 1,000; 20 if absent. */
  readonly limit?: number | undefined
  /** `next` of the page before. */
  readonly before?: string | undefined
}

/** A server's resources. Each call may throw a TidingsRequestError, or the reason of its signal. */
export interface Api {
  /** Publishes events: all of them or none, next to each other. Resolves when they are stored. */
  publish(events: EventInput | readonly EventInput[], options?: WriteOptions): Promise<Receipt>
  /** Notifies a user, on all their devices. */
  notify(user: string, notification: NotificationInput, options?: WriteOptions): Promise<Sent>
  /** Announces something to everybody. */
  announce(announcement: AnnouncementInput, options?: WriteOptions): Promise<Sent>
  /** Sends everybody an event of type `update`, with any JSON as its data; `{}` if it is `undefined`. */
  update(data?: unknown, options?: WriteOptions): Promise<Sent>
  /** Tells the activity feed. */
  activity(activity: ActivityInput, options?: WriteOptions): Promise<Sent>
  /** Reads a page of the log. */
  events(query: EventQuery, options?: RequestOptions): Promise<EventPage>
  /** Reads a user's notifications, newest first. */
  notifications(user: string, query?: NotificationQuery, options?: RequestOptions): Promise<NotificationPage>
  /** What the server holds and has done. */
  stats(options?: RequestOptions): Promise<Stats>
  /** Who one is here. */
  session(options?: RequestOptions): Promise<Session>
}

/**
 * The REST API of a Tidings server. Writes carry an `Idempotency-Key` and are sent again with it after troubles that
 * pass (no network, 408, 425, 429, 500, 502, 503, 504), so that what is acknowledged is stored once.
 * @throws TypeError if the address is relative and there is no page, or if the token is empty.
 */
export function createApi(options: ApiOptions = {}): Api {
  return createResources(new Requester(options))
}

/** The resources that a requester reaches. */
export function createResources(requester: Requester): Api {
  const get = (path: string, options?: RequestOptions) =>
    requester.ask({ method: 'GET', path, signal: options?.signal }) as Promise<never>
  const post = (path: string, value: unknown, options?: WriteOptions) =>
    requester.ask(writeOf(path, JSON.stringify(value), options)) as Promise<never>
  const send = async (path: string, value: unknown, options?: WriteOptions) =>
    readSent(await post(path, value, options))

  return {
    async publish(events, options) {
      const { ids, durability, duplicate }: Omit<Receipt, 'isDuplicate'> & { duplicate: boolean } =
        await post('api/events', events, options)
      return { ids, durability, isDuplicate: duplicate }
    },
    notify: (user, notification, options) => send(inboxPath(user), notification, options),
    announce: (announcement, options) => send('api/broadcast', announcement, options),
    update: (data, options) => send('broadcast', data, options),
    activity: (activity, options) => send('api/activity', activity, options),
    async events(query, options) {
      const page: Omit<EventPage, 'events'> & { events: PageEvent[] } = await get(
        `api/events?${eventQuery(query)}`,
        options,
      )
      return { ...page, events: page.events.map(readEvent) }
    },
    async notifications(user, { limit, before } = {}, options) {
      const page: { notifications: { id: string; time: string }[]; next: string | null } = await get(
        `${inboxPath(user)}?${queryOf({ limit, before })}`,
        options,
      )
      const notifications = page.notifications.flatMap(
        ({ id, time, ...data }) => notificationOf({ id, timeMs: Date.parse(time), data }) ?? [],
      )
      return { notifications, next: page.next }
    },
    stats: (options) => get('api/stats', options),
    async session(options) {
      const {
        mode,
        user,
        expiresAt,
      }: { mode: Session['mode']; user: string | null; expiresAt: string | null } = await get(
        'api/session',
        options,
      )
      return {
        mode,
        user: user ?? undefined,
        expiresAtMs: expiresAt === null ? undefined : Date.parse(expiresAt),
      }
    },
  }
}

/** A write, under a key of its own if none is given. */
export function writeOf(path: string, body: string | undefined, options: WriteOptions = {}): Ask {
  const { idempotencyKey = randomKey(), signal } = options
  return { method: 'POST', path, body, idempotencyKey, signal }
}

/** 128 random bits. `crypto.randomUUID` is missing in pages that came over plain HTTP. */
function randomKey(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-')
}

function inboxPath(user: string): string {
  return `api/notifications/${encodeURIComponent(user)}`
}

function eventQuery({ topics, types, ...rest }: EventQuery): URLSearchParams {
  const query = queryOf({ ...rest, types: types && [...types].join() })
  for (const topic of typeof topics === 'string' ? [topics] : topics) query.append('topic', topic)
  return query
}

function queryOf(params: Readonly<Record<string, string | number | undefined>>): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) if (value !== undefined) query.set(name, String(value))
  return query
}
