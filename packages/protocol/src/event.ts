import { isControlType } from './control.ts'
import { limits } from './limits.ts'
import { checkText, writeJson } from './payload.ts'
import { TidingsError } from './problem.ts'
import { quote } from './quote.ts'
import { checkTopic, isServerTopic } from './topic.ts'

/** What a publisher sends (§3.1): either `data`, any JSON, or `text`, delivered as it is. */
export interface EventInput {
  readonly topic: string
  /** The SSE `event:` name; `message` if absent. */
  readonly type?: string | undefined
  readonly data?: unknown
  readonly text?: string | undefined
}

/** How a payload was given: JSON, or plain text. The wire does not tell them apart; the JSON pages do. */
export type PayloadFormat = 'json' | 'text'

/** A checked event, ready for the log. */
export interface NewEvent {
  readonly topic: string
  readonly type: string
  readonly format: PayloadFormat
  /** What goes into `data:`, JSON already written as text. */
  readonly payload: string
}

/** The type of an event that names none. */
export const defaultType = 'message'

/**
 * §3.2: visible on one line, and no comma, which separates the types of a filter.
 * U+FFFD stands where bytes were no UTF-8: different broken names would become one.
 */
const refusedInType = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFD,]|^\s|\s$/u

const fields = new Set(['topic', 'type', 'data', 'text'])

/**
 * Checks what a publisher sent and brings it into the form that the log stores (§3).
 * @param serverTopics whether `$` topics are allowed: only the server itself publishes to them.
 * @throws TidingsError `invalid_field`, `invalid_topic`, `reserved_type`, `reserved_topic`, `event_too_large`.
 */
export function checkEvent(input: unknown, serverTopics = false): NewEvent {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new TidingsError('invalid_field', 'An event is an object with a topic, and data or text.')
  }
  for (const key of Object.keys(input)) {
    if (fields.has(key)) continue
    throw new TidingsError(
      'invalid_field',
      `An event has no field ${quote(key)}; it has topic, type, data and text.`,
    )
  }
  const { topic, type, data, text } = input as { [key in keyof EventInput]: unknown }
  const checked = checkTopic(topic)
  if (!serverTopics && isServerTopic(checked)) {
    throw new TidingsError('reserved_topic', `The topic "${checked}" is the server's own; choose another.`, {
      field: 'topic',
    })
  }
  if (text === undefined) {
    return { topic: checked, type: checkType(type), format: 'json', payload: writeJson(data) }
  }
  if (data !== undefined) {
    throw new TidingsError('invalid_field', 'An event has data or text, not both.', { field: 'text' })
  }
  return { topic: checked, type: checkType(type), format: 'text', payload: checkText(text) }
}

/**
 * Checks an event's type (§3.2).
 * @throws TidingsError `invalid_field`, or `reserved_type` for a control event's.
 */
export function checkType(type: unknown): string {
  if (type === undefined) return defaultType
  if (
    typeof type !== 'string' ||
    type === '' ||
    type.length > limits.typeLength ||
    refusedInType.test(type)
  ) {
    throw new TidingsError(
      'invalid_field',
      `type must be 1 to ${limits.typeLength} visible characters on one line, without a comma.`,
      { field: 'type' },
    )
  }
  if (isControlType(type)) {
    throw new TidingsError('reserved_type', `The type "${type}" is a control event; choose another.`, {
      field: 'type',
    })
  }
  return type
}
