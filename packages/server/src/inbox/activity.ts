import { checkTopic, type TidingsError } from '@tidings/protocol'
import { checkObject, readText, wrong } from './fields.ts'

/** The SSE type of an activity. */
export const activityEventType = 'activity'

/** Something that happened, for a feed. Fields beside these two are kept as they are. */
export interface Activity {
  /** What kind, e.g. `deploy`: one segment of a topic. */
  readonly type: string
  /** Plain text; it may have several lines. */
  readonly message: string
  readonly [field: string]: unknown
}

/** Longest message, in UTF-16 code units. */
const maxMessageLength = 4_000

/**
 * Checks what somebody sent as an activity.
 * @throws TidingsError `invalid_field`, naming the field.
 */
export function checkActivity(body: unknown): Activity {
  const fields = checkObject(body, 'An activity')
  const { type } = fields
  if (typeof type !== 'string') throw wrong('type', 'type must be text such as "deploy".')
  activityTopic(type)
  const message = readText(fields, 'message', { maxLength: maxMessageLength, mayBreak: true })
  return { ...fields, type, message }
}

/**
 * The topic of the activities of one type, `activity/<type>`.
 * @throws TidingsError `invalid_field`, field `type`.
 */
export function activityTopic(type: string): string {
  if (type.includes('/')) throw wrong('type', 'type must be one segment, without "/".')
  try {
    return checkTopic(`activity/${type}`)
  } catch (cause) {
    throw wrong('type', `type must be fit for a topic: ${(cause as TidingsError).message}`)
  }
}

/** The pattern of the activities of all types. */
export const everyActivity = 'activity/*'
