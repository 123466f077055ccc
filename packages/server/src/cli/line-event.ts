import { checkEvent, type EventInput, type NewEvent, TidingsError } from '@tidings/protocol'
import type { Line } from './line-splitter.ts'

/** What the lines are: plain text, the data of events, or whole events. */
type LineFormat = 'text' | 'json' | 'ndjson'

/** How lines become events. */
export interface LineReading {
  readonly format: LineFormat
  /** The topic of every line; none for whole events. */
  readonly topic?: string | undefined
  readonly type?: string | undefined
  /** Bytes of one payload. */
  readonly maxEventBytes: number
}

/** An event, written as JSON, ready to be put into a batch. */
export interface LineEvent {
  readonly line: number
  readonly json: string
}

/**
 * Makes an event of a line; `undefined` of a blank line between JSON lines.
 * @throws TidingsError if no server would take it.
 */
export function readLineEvent(line: Line, reading: LineReading): LineEvent | undefined {
  const { format, maxEventBytes } = reading
  if (format !== 'text' && !line.isTooLong && line.text.trim() === '') return undefined
  if (line.isTooLong) throw tooLarge(maxEventBytes)
  const event = checkEvent(readInput(line.text, reading))
  if (Buffer.byteLength(event.payload) > maxEventBytes) throw tooLarge(maxEventBytes)
  return { line: line.number, json: encodeEvent(event) }
}

/** Bytes that a line may have: those of whole events have more around the payload. */
export function mostLineBytes({ format, maxEventBytes }: LineReading): number {
  const room = 4_096
  // JSON may spell one byte of text as six, "\\u0000".
  return format === 'text' ? maxEventBytes : maxEventBytes * 6 + room
}

/** An event as the body of a publish has it. */
export function encodeEvent({ topic, type, format, payload }: NewEvent): string {
  const value = format === 'json' ? `"data":${payload}` : `"text":${JSON.stringify(payload)}`
  return `{"topic":${JSON.stringify(topic)},"type":${JSON.stringify(type)},${value}}`
}

function readInput(text: string, { format, topic = '', type }: LineReading): EventInput {
  const typed = type === undefined ? {} : { type }
  if (format === 'text') return { topic, ...typed, text }
  const value = parseJson(text)
  return format === 'json' ? { topic, ...typed, data: value } : (value as EventInput)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new TidingsError('invalid_json', `it is not valid JSON: ${(error as Error).message}`)
  }
}

function tooLarge(maxEventBytes: number): TidingsError {
  return new TidingsError(
    'event_too_large',
    `it is longer than ${maxEventBytes} bytes, the most that an event may have (--max-event-bytes, as on the server)`,
  )
}
