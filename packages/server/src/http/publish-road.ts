import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type EventInput, TidingsError } from '@tidings/protocol'
import { parseJson } from './body.ts'
import { refusalOf } from './guard.ts'
import type { Parts } from './parts.ts'
import { answerPublished, publishFor } from './publish.ts'
import { refuseRaw } from './refusal.ts'

/** Takes a request if it is for this road; otherwise it is Fastify's. */
export type Road = (request: IncomingMessage, response: ServerResponse) => boolean

/** The path of the road. */
export const publishPath = '/api/events'

/**
 * The road of plain publishes: JSON of a known length from a program. They are most of what a busy server reads,
 * and Fastify's routing, hooks and body parser were a tenth of each. What decides and what answers are the same
 * functions that every other publish meets; whatever is unusual about a request leaves it to Fastify.
 */
export function createPublishRoad(parts: Parts): Road {
  const { maxBodyBytes } = parts.tidings.settings
  return (request, response) => {
    if (request.url !== publishPath || request.method !== 'POST') return false
    // Over HTTP/2 half a body ends like a whole one; Fastify's parser asks which it was.
    if (request.httpVersionMajor !== 1) return false
    if (!isPlain(request, maxBodyBytes) || refusalOf(request, parts) !== undefined) return false
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => void publish(parts, request, response, chunks))
    return true
  }
}

/** Whether nothing about a request needs a second look. A browser says its origin, and may need CORS. */
function isPlain({ headers }: IncomingMessage, maxBodyBytes: number): boolean {
  return (
    headers['content-type'] === 'application/json' &&
    Number(headers['content-length']) <= maxBodyBytes &&
    headers['content-encoding'] === undefined &&
    headers.origin === undefined
  )
}

async function publish(
  parts: Parts,
  request: IncomingMessage,
  response: ServerResponse,
  chunks: readonly Buffer[],
): Promise<void> {
  try {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    if (!isUtf8(body)) throw notUtf8()
    const events = parseJson(body.toString('utf8')) as EventInput | EventInput[]
    answerPublished(parts, request, response, await publishFor(parts, request, events))
  } catch (error) {
    refuseRaw(parts, error, request, response, publishPath)
  }
}

function notUtf8(): TidingsError {
  return new TidingsError('invalid_field', 'The body is not valid UTF-8.', { field: 'body' })
}
