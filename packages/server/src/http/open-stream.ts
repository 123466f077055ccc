import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SubscriptionRequest } from '../stream/accept.ts'
import { admit } from './admit.ts'
import type { Parts } from './parts.ts'

/**
 * Opens a stream as the answer to a request. Whatever is wrong shows before the first byte, so that it can be
 * answered with a problem document.
 */
export async function openStream(
  parts: Parts,
  request: FastifyRequest,
  reply: FastifyReply,
  subscription: SubscriptionRequest,
): Promise<void> {
  const access = await admit(parts, request.raw)
  const { raw } = request
  for (const [name, value] of Object.entries(parts.cors.of(raw.headers.origin)))
    reply.raw.setHeader(name, value)
  // Fastify must not wait for this response, nor keep anything for it: it stays open for an hour.
  const { url: route } = request.routeOptions
  await parts.tidings.stream(raw, reply.raw, { ...subscription, access })
  reply.hijack()
  parts.metrics.countRequest(route, request.method, 200)
  parts.logger.debug({ route, topics: subscription.topics, user: subscription.user }, 'a stream opened')
}
