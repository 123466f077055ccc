import { checkObject, readText, refuseOthers } from './fields.ts'
import { readLink } from './link.ts'
import { notificationLimits } from './notification.ts'

/** The SSE type of an announcement. */
export const announcementEventType = 'announcement'

/** An item for everybody. */
export interface Announcement {
  /** One line. */
  readonly title: string
  /** Plain text; it may have several lines. */
  readonly message: string
  /** Where it leads: an http(s) address or a path on the reader's own site. */
  readonly link?: string
}

/**
 * Checks what somebody sent as an announcement.
 * @throws TidingsError `invalid_field`, naming the field.
 */
export function checkAnnouncement(body: unknown): Announcement {
  const fields = checkObject(body, 'An announcement')
  refuseOthers(fields, ['title', 'message', 'link'], 'An announcement')
  const title = readText(fields, 'title', { maxLength: notificationLimits.title })
  const message = readText(fields, 'message', { maxLength: notificationLimits.message, mayBreak: true })
  const link = readLink(fields)
  return link === undefined ? { title, message } : { title, message, link }
}
