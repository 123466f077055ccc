import { isUtf8 } from 'node:buffer'
import { type EventInput, TidingsError } from '@tidings/protocol'
import type { FastifyRequest } from 'fastify'
import { queryOf, readOne, refuseOthers, wrongQuery } from './query.ts'

/** A request's body, and what its sender says it is. */
export interface Body {
  /** In lower case, without parameters; empty if the sender said nothing. */
  readonly mediaType: string
  /** Empty if there was none. */
  readonly text: string
}

/**
 * Reads a body as text.
 * @throws TidingsError `unsupported_encoding`, `unsupported_media_type` for other character sets, `invalid_field`
 *   if it is no UTF-8.
 */
export function readBody(request: FastifyRequest): Body {
  const { 'content-encoding': encoding, 'content-type': type = '' } = request.raw.headers
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new TidingsError('unsupported_encoding', 'Send the body as it is, without Content-Encoding.')
  }
  const semicolon = type.indexOf(';')
  if (semicolon !== -1) checkCharset(type)
  const mediaType = (semicolon === -1 ? type : type.slice(0, semicolon)).trim().toLowerCase()
  const bytes = request.body as Buffer | undefined
  if (bytes === undefined) return { mediaType, text: '' }
  if (!isUtf8(bytes))
    throw new TidingsError('invalid_field', 'The body is not valid UTF-8.', { field: 'body' })
  return { mediaType, text: bytes.toString('utf8') }
}

/**
 * Reads a body that must be JSON.
 * @throws TidingsError also `invalid_json`.
 */
export function readJson(request: FastifyRequest): unknown {
  const { mediaType, text } = readBody(request)
  if (mediaType === 'application/json') return parseJson(text)
  throw unsupported(mediaType, 'application/json')
}

/**
 * Reads the events of a publish: JSON, NDJSON, or one event whose text is the body.
 * @throws TidingsError also `invalid_json`, `too_many_events`.
 */
export function readEvents(request: FastifyRequest, maxEvents: number): EventInput | EventInput[] {
  const { mediaType, text } = readBody(request)
  // What the events are is for the one place that knows the rules to check, when they are published.
  if (mediaType === 'application/json') return parseJson(text) as EventInput | EventInput[]
  if (mediaType === 'application/x-ndjson' || mediaType === 'application/ndjson')
    return parseLines(text, maxEvents)
  if (mediaType === 'text/plain') return readTextEvent(request, text)
  throw unsupported(mediaType, 'application/json, application/x-ndjson or text/plain')
}

/** §6.1: `text/plain` with `?topic=&type=` publishes the body as it is. */
function readTextEvent(request: FastifyRequest, text: string): EventInput {
  const params = queryOf(request)
  refuseOthers(params, ['topic', 'type'])
  const topic = readOne(params, 'topic')
  const type = readOne(params, 'type')
  if (topic === undefined) throw wrongQuery('topic', 'A text needs a topic: POST /api/events?topic=…')
  return type === undefined ? { topic, text } : { topic, type, text }
}

/** @throws TidingsError `invalid_json`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalidJson(text === '' ? 'The body is empty' : (cause as Error).message, cause)
  }
}

function parseLines(text: string, maxEvents: number): EventInput[] {
  const events: EventInput[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    if (events.length === maxEvents) {
      throw new TidingsError(
        'too_many_events',
        `One publish holds at most ${maxEvents} events; send several.`,
      )
    }
    try {
      events.push(JSON.parse(line) as EventInput)
    } catch (cause) {
      throw invalidJson(`Line ${index + 1}: ${(cause as Error).message}`, cause)
    }
  }
  return events
}

function invalidJson(why: string, cause: unknown): TidingsError {
  return new TidingsError('invalid_json', `${why.toWellFormed()}.`, { cause })
}

function unsupported(mediaType: string, wanted: string): TidingsError {
  const given = mediaType === '' ? 'There is no Content-Type' : 'This Content-Type is not understood here'
  return new TidingsError('unsupported_media_type', `${given}; send ${wanted}.`)
}

function checkCharset(type: string): void {
  const charset = /;\s*charset="?([^";]*)"?/i.exec(type)?.[1]?.trim().toLowerCase()
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii') return
  throw new TidingsError('unsupported_media_type', 'Send the body in UTF-8.')
}
