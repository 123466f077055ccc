import { limits } from './limits.ts'
import { TidingsError } from './problem.ts'

/** One block of a stream. Without `data` it dispatches nothing at the client, but moves its last id (§5.3). */
export interface Block {
  readonly id?: string
  /** The SSE `event:` name; `message` and absent are the same. */
  readonly type?: string
  /** Where the event was published. No field of the standard: parsers that do not know it pass it over. */
  readonly topic?: string
  /** When the log took the event, in whole milliseconds since 1970, as `time:`. No field of the standard either. */
  readonly timeMs?: number
  /** The payload. Line ends of any kind arrive as LF. */
  readonly data?: string
  /** When a client that lost the stream comes back, in milliseconds: an integer from 0 to 2^31 - 1. */
  readonly retry?: number
}

/**
 * Writes one block as the Server-Sent Events format has it (§5.3).
 * @throws TidingsError `invalid_field` if `type`, `id` or `topic` holds CR, LF or NUL, which would forge other fields,
 *   if `retry` is not a number of milliseconds that a timer holds, or `timeMs` no safe integer from 0.
 */
export function encodeBlock(block: Block): string {
  let text = ''
  if (block.retry !== undefined) text += `retry: ${checkRetry(block.retry)}\n`
  if (block.type !== undefined && block.type !== 'message') text += `event: ${oneLine('type', block.type)}\n`
  if (block.id !== undefined) text += `id: ${oneLine('id', block.id)}\n`
  if (block.topic !== undefined) text += `topic: ${oneLine('topic', block.topic)}\n`
  if (block.timeMs !== undefined) text += `time: ${checkTime(block.timeMs)}\n`
  if (block.data !== undefined) text += encodeData(block.data)
  return `${text}\n`
}

/**
 * Writes a comment, which clients skip and proxies count as traffic.
 * @throws TidingsError `invalid_field` on CR, LF or NUL.
 */
export function encodeComment(text: string): string {
  return text === '' ? ':\n' : `: ${oneLine('comment', text)}\n`
}

/** `data:` lines. The space after the colon is always there, so that a leading space of the data survives. */
function encodeData(data: string): string {
  // JSON never holds a raw line end, so nearly every event takes the short way.
  if (!anyLineEnd.test(data)) return `data: ${data}\n`
  return `data: ${data.split(lineEnd).join('\ndata: ')}\n`
}

const anyLineEnd = /[\r\n]/
const lineEnd = /\r\n|\r|\n/
const forging = /[\r\n\0]/

function oneLine(field: string, text: string): string {
  if (forging.test(text)) {
    throw new TidingsError('invalid_field', `The ${field} holds CR, LF or NUL; remove it.`, { field })
  }
  return text
}

function checkRetry(retry: number): number {
  if (Number.isInteger(retry) && retry >= 0 && retry <= limits.retryMs) return retry
  throw new TidingsError('invalid_field', `retry must be an integer from 0 to ${limits.retryMs}.`, {
    field: 'retry',
  })
}

function checkTime(timeMs: number): number {
  if (Number.isSafeInteger(timeMs) && timeMs >= 0) return timeMs
  throw new TidingsError('invalid_field', 'timeMs must be an integer from 0 to 2^53 - 1.', {
    field: 'timeMs',
  })
}
