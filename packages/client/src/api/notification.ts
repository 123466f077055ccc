import type { Notification } from './answers.ts'

/** What a notification is made of: an event of the stream, or an entry of a page. */
export interface NotificationSource {
  readonly id: string
  readonly timeMs: number
  readonly data: unknown
}

/** An event as a notification; `undefined` if it is none: whoever may publish to a user's topic may publish anything. */
export function notificationOf({ id, timeMs, data }: NotificationSource): Notification | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const { type, title, message, link } = data as Record<string, unknown>
  if (typeof title !== 'string' || typeof message !== 'string') return undefined
  return {
    id,
    timeMs,
    type: isType(type) ? type : 'info',
    title,
    message,
    ...(typeof link === 'string' && { link }),
  }
}

function isType(type: unknown): type is Notification['type'] {
  return type === 'success' || type === 'info' || type === 'warning' || type === 'error'
}
