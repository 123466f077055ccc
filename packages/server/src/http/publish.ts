import type { IncomingMessage, ServerResponse } from 'node:http'
import { type EventInput, limits, TidingsError } from '@tidings/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../auth/access.ts'
import type { Published } from '../tidings.ts'
import { admit } from './admit.ts'
import { partingHeaders } from './guard.ts'
import type { Parts } from './parts.ts'
import { apiHeaders } from './security-headers.ts'

/**
 * Publishes for a request: as its caller, under its Idempotency-Key.
 * @param as what of the caller's rights counts here, if not the right to publish.
 * @throws TidingsError whatever is wrong with the caller, the key, the events or the store.
 */
export async function publishFor(
  parts: Parts,
  request: IncomingMessage,
  events: EventInput | EventInput[],
  as: (access: Access) => Access = (access) => access,
): Promise<Published> {
  const began = performance.now()
  const access = as(await admit(parts, request))
  parts.rates.take(access)
  const idempotencyKey = readIdempotencyKey(request)
  const options = idempotencyKey === undefined ? { access } : { access, idempotencyKey }
  try {
    const published = await parts.tidings.publish(events, options)
    parts.store.isFull = false
    parts.metrics.publishLatency.observe((performance.now() - began) / 1000)
    return published
  } catch (error) {
    if (error instanceof TidingsError && error.code === 'storage_full') parts.store.isFull = true
    throw error
  }
}

const contentType = ['content-type', 'application/json; charset=utf-8']

/**
 * Names and values in turn: the form that Node writes without looking at each again. What only browsers obey is not
 * among them: programs publish most, and would pay for it with each answer.
 */
const publishHeaders = [...contentType, 'cache-control', 'no-store', 'x-content-type-options', 'nosniff']

/** The same for a page, which says its origin. */
const pageHeaders = [...contentType, ...Object.entries(apiHeaders).flat()]

/** Answers a publish, without Fastify's hooks and serializers: they took a tenth of a request's time. */
export function answerPublished(
  { tidings, cors, metrics }: Parts,
  request: IncomingMessage,
  response: ServerResponse,
  { ids, durability, isDuplicate }: Published,
): void {
  const status = isDuplicate ? 200 : 201
  // Cursors are base 36 and dots: nothing in them needs escaping, and a character is a byte.
  const body = `{"ids":["${ids.join('","')}"],"durability":"${durability}","duplicate":${isDuplicate}}`
  const { origin } = request.headers
  const known = origin === undefined ? publishHeaders : pageHeaders
  const headers = [...known, 'content-length', String(body.length)]
  if (origin !== undefined) headers.push(...Object.entries(cors.of(origin)).flat())
  if (tidings.isDraining) headers.push(...Object.entries(partingHeaders(request, tidings)).flat())
  response.writeHead(status, headers).end(body)
  metrics.countRequest('/api/events', 'POST', status)
}

/**
 * Publishes one event of the server's own kind, and answers with its id and how many streams wanted it.
 * @param more what the answer says beside that.
 */
export async function sendEvent(
  parts: Parts,
  request: FastifyRequest,
  reply: FastifyReply,
  event: EventInput,
  more: object = {},
  as?: (access: Access) => Access,
): Promise<FastifyReply> {
  const { ids, durability, isDuplicate } = await publishFor(parts, request.raw, event, as)
  return sendJson(reply, isDuplicate ? 200 : 201, {
    sent: true,
    id: ids[0],
    durability,
    duplicate: isDuplicate,
    streams: (await parts.tidings.audiences([event.topic]))[0],
    ...more,
  })
}

/** Answers with JSON. */
export function sendJson(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(body))
}

const visibleAscii = /^[\x21-\x7e]+$/

/** §6.3: the key is opaque; its form is bounded because it is stored. */
function readIdempotencyKey({ headers }: IncomingMessage): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key === 'string' && key.length <= limits.idempotencyKeyLength && visibleAscii.test(key))
    return key
  throw new TidingsError(
    'invalid_idempotency_key',
    `Idempotency-Key must be one header of 1 to ${limits.idempotencyKeyLength} visible ASCII characters.`,
    { field: 'Idempotency-Key' },
  )
}
