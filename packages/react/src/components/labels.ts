import type { StateName, Trouble } from '@tidings/client'

/** Every word that the components say or show. Give some of them in another language: the rest stay English. */
export interface Labels {
  // The bell, its list, and toasts.
  readonly notifications: string
  /** What the bell is called, e.g. `Notifications, 3 unread`. */
  bell(unread: number): string
  /** What its badge shows. */
  badge(unread: number): string
  readonly noNotifications: string
  readonly noNotificationsHint: string
  readonly markAllRead: string
  readonly loadMore: string
  readonly loading: string
  readonly loadFailed: string
  readonly tryAgain: string
  readonly unread: string
  readonly openLink: string
  /** The kind of a notification: `success`, `info`, `warning`, `error`, or `announcement`. */
  kind(kind: string): string
  readonly close: string
  /** Where toasts are, for screen readers. */
  readonly toasts: string
  /** One toast in place of many that came while nobody was there. */
  missed(count: number): string
  /** One toast in place of many that come at once. */
  more(count: number): string

  // The connection.
  state(state: StateName): string
  /** Under the state, while it is not well: what it means for the reader. */
  readonly connectionLost: string
  readonly stillConnecting: string
  readonly offline: string
  readonly paused: string
  /** Refused, and to try again would not help: why, in words for the reader. `trouble.message` is for developers. */
  refused(trouble: Trouble | undefined): string
  retryIn(seconds: number): string
  readonly retryNow: string
  readonly resume: string
  /** Events are gone for good; `null` if nobody knows how many. */
  gap(missed: number | null): string
  readonly reload: string
  readonly dismiss: string
  /** Back again, after so many events came late. */
  returned(replayed: number): string
  readonly show: string

  // Feeds.
  readonly feed: string
  readonly activities: string
  readonly noEvents: string
  readonly noEventsHint: string
  readonly noActivities: string
  readonly pause: string
  readonly goOn: string
  /** How many have come since the list stands still, e.g. `12 new`; at least so many if `isMore`. */
  newer(count: number, isMore: boolean): string
  readonly filter: string
  readonly all: string

  // Figures and times.
  /** A line in words, e.g. `Memory: now 40, lowest 12, highest 64`. */
  sparkline(label: string, now: string, lowest: string, highest: string): string
  /** A point in time as it is shown in feeds. */
  clock(timeMs: number): string
  /** A point in time in full. */
  dateTime(timeMs: number): string
  /** How long ago something was. */
  ago(ms: number): string
}

const kinds: Readonly<Record<string, string>> = {
  success: 'Success',
  info: 'Information',
  warning: 'Warning',
  error: 'Error',
  announcement: 'Announcement',
}

const states: Readonly<Record<StateName, string>> = {
  idle: 'Not connected',
  connecting: 'Connecting',
  'catching-up': 'Catching up',
  live: 'Connected',
  waiting: 'Reconnecting',
  offline: 'Offline',
  paused: 'Paused',
  refused: 'Refused',
}

/** The words in English. */
export const defaultLabels: Labels = Object.freeze({
  notifications: 'Notifications',
  bell: (unread: number) => (unread === 0 ? 'Notifications' : `Notifications, ${unread} unread`),
  badge: (unread: number) => (unread > 99 ? '99+' : String(unread)),
  noNotifications: 'Nothing new',
  noNotificationsHint: 'What is sent to you appears here, at once.',
  markAllRead: 'Mark all as read',
  loadMore: 'Show older',
  loading: 'Loading …',
  loadFailed: 'Notifications could not be loaded.',
  tryAgain: 'Try again',
  unread: 'Unread',
  openLink: 'Open',
  kind: (kind: string) => kinds[kind] ?? kind,
  close: 'Close',
  toasts: 'New notifications',
  missed: (count: number) => `${plural(count, 'notification')} while you were away`,
  more: (count: number) => `${plural(count, 'more notification')}`,

  state: (state: StateName) => states[state],
  connectionLost: 'The connection is lost. What you miss meanwhile arrives when it is back.',
  stillConnecting: 'Connecting is taking longer than usual.',
  offline: 'You are offline. What you miss meanwhile arrives when you are back.',
  paused: 'Paused. What you miss meanwhile arrives when you go on.',
  refused: (trouble: Trouble | undefined) => `Live updates are off: ${whyRefused(trouble)}`,
  retryIn: (seconds: number) => (seconds < 1 ? 'Trying again …' : `Next try in ${seconds} s.`),
  retryNow: 'Try now',
  resume: 'Go on',
  gap: (missed: number | null) =>
    missed === null
      ? 'You were away for long: some updates are missing. Reload to see how things stand.'
      : `You were away for long: up to ${plural(missed, 'update')} missing. Reload to see how things stand.`,
  reload: 'Reload',
  dismiss: 'Dismiss',
  returned: (replayed: number) => {
    if (replayed === 0) return 'Connected again. You missed nothing.'
    return `Connected again. You missed ${plural(replayed, 'event')}: here ${replayed === 1 ? 'it is' : 'they are'}.`
  },
  show: 'Show',

  feed: 'Live events',
  activities: 'Activity',
  noEvents: 'No events yet',
  noEventsHint: 'They appear here as they happen.',
  noActivities: 'No activity yet',
  pause: 'Pause',
  goOn: 'Go on',
  newer: (count: number, isMore: boolean) => `${count}${isMore ? '+' : ''} new`,
  filter: 'Show',
  all: 'All',

  sparkline: (label: string, now: string, lowest: string, highest: string) =>
    `${label}: now ${now}, lowest ${lowest}, highest ${highest}`,
  clock: (timeMs: number) => clockFormat().format(timeMs),
  dateTime: (timeMs: number) => dateTimeFormat().format(timeMs),
  ago: (ms: number) => {
    const seconds = Math.floor(ms / 1_000)
    if (seconds < 60) return 'now'
    if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`
    if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`
    return `${Math.floor(seconds / 86_400)} d ago`
  },
})

function whyRefused({ code, status, message }: Partial<Trouble> = {}): string {
  if (status === 401 || code === 'token') return 'you are not signed in, or no longer.'
  if (status === 403) return 'you may not see all that this page asks for.'
  if (code === 'goodbye' || code === 'no-content') return 'the server has ended them.'
  return message ?? 'the server refuses them.'
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Made when first needed, and once: a format costs more than a thousand uses of it. */
function once<Value>(make: () => Value): () => Value {
  let value: Value | undefined
  return () => {
    value ??= make()
    return value
  }
}

const clockFormat = once(() => new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' }))
const dateTimeFormat = once(
  () => new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }),
)
