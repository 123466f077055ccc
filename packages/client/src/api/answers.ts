import type { Durability, Gap, Stats } from '@tidings/protocol'
import type { TidingsEvent } from '../event.ts'

export type { Durability, Stats }

/** The acknowledgement of a publish: its events are stored (PROTOCOL §6.2). */
export interface Receipt {
  /** The events' ids, in their order. */
  readonly ids: readonly string[]
  readonly durability: Durability
  /** Whether an earlier request with the same key had stored them. */
  readonly isDuplicate: boolean
}

/** The acknowledgement of an event of the server's own kind (PROTOCOL §8). */
export interface Sent {
  readonly id: string
  readonly durability: Durability
  /** How many open streams wanted it. */
  readonly streams: number
  readonly isDuplicate: boolean
}

/** A page of the log (PROTOCOL §7). */
export interface EventPage {
  readonly events: readonly TidingsEvent[]
  /** What to give as `after` (`asc`) or `before` (`desc`) for the page that follows; `null` if there is none now. */
  readonly next: string | null
  /** The log's head just before the page was read: a stream that begins there leaves nothing out. */
  readonly head: string
  /** What stands between the id that was given and this page, if anything does. */
  readonly gap?: Gap | undefined
}

/** How much a notification matters, or how it went. */
export type NotificationType = 'success' | 'info' | 'warning' | 'error'

/** A notification to send (PROTOCOL §8.1). */
export interface NotificationInput {
  readonly type: NotificationType
  /** One line of 1 to 200 characters. */
  readonly title: string
  /** 1 to 4,000 characters; line breaks are allowed. */
  readonly message: string
  /** An http(s) address, or a path that begins with one `/`. */
  readonly link?: string | undefined
}

/** A notification as it is stored. */
export interface Notification extends NotificationInput {
  readonly id: string
  /** When the server took it, in milliseconds since 1970. */
  readonly timeMs: number
}

/** Notifications of a user, newest first. */
export interface NotificationPage {
  readonly notifications: readonly Notification[]
  /** What to give as `before` for the older ones; `null` if there are none. */
  readonly next: string | null
}

/** An announcement for everybody (PROTOCOL §8.2). */
export interface AnnouncementInput {
  readonly title: string
  readonly message: string
  readonly link?: string | undefined
}

/** An activity (PROTOCOL §8.3); other fields are kept. */
export interface ActivityInput {
  /** One segment of a topic, e.g. `deploy`. */
  readonly type: string
  readonly message: string
  readonly [more: string]: unknown
}

/** Who one is at a server (PROTOCOL §11.4). */
export interface Session {
  /** In `dev` mode a request without a credential may do everything. */
  readonly mode: 'dev' | 'production'
  /** `undefined` for nobody. */
  readonly user: string | undefined
  /** When the credential ends, in milliseconds since 1970. */
  readonly expiresAtMs: number | undefined
}
