import { checkObject, readChoice, readText, refuseOthers } from './fields.ts'
import { readLink } from './link.ts'

/** The SSE type of a notification. */
export const notificationEventType = 'notification'

/** What a notification can be about; it decides colour and icon. */
export const notificationTypes = Object.freeze(['success', 'info', 'warning', 'error'] as const)

/** Longest title and message, in UTF-16 code units: what a list of notifications can still show. */
export const notificationLimits = Object.freeze({ title: 200, message: 4_000 })

/** An item for one user. */
export interface Notification {
  readonly type: (typeof notificationTypes)[number]
  /** One line. */
  readonly title: string
  /** Plain text; it may have several lines. */
  readonly message: string
  /** Where it leads: an http(s) address or a path on the reader's own site. */
  readonly link?: string
}

/**
 * Checks what somebody sent as a notification.
 * @throws TidingsError `invalid_field`, naming the field.
 */
export function checkNotification(body: unknown): Notification {
  const fields = checkObject(body, 'A notification')
  refuseOthers(fields, ['type', 'title', 'message', 'link'], 'A notification')
  const type = readChoice(fields, 'type', notificationTypes)
  const title = readText(fields, 'title', { maxLength: notificationLimits.title })
  const message = readText(fields, 'message', { maxLength: notificationLimits.message, mayBreak: true })
  const link = readLink(fields)
  return link === undefined ? { type, title, message } : { type, title, message, link }
}
