import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SubscriptionRequest } from '../stream/accept.ts'
import { admitStream } from './admit.ts'
import { clientAddress } from './client-address.ts'
import type { Parts } from './parts.ts'
import { securityHeaders } from './security-headers.ts'

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
  const { raw } = request
  const { url: route = '' } = request.routeOptions
  const { access, setCookie } = await admitStream(parts, raw, route)
  if (setCookie !== undefined) reply.raw.setHeader('set-cookie', setCookie)
  const fields = { ...securityHeaders, ...parts.cors.of(raw.headers.origin) }
  for (const [name, value] of Object.entries(fields)) reply.raw.setHeader(name, value)
  // Fastify must not wait for this response, nor keep anything for it: it stays open for an hour.
  await parts.tidings.stream(raw, reply.raw, {
    ...subscription,
    access,
    address: clientAddress(raw, parts.tidings.settings.trustedHops),
  })
  reply.hijack()
  parts.metrics.countRequest(route, request.method, 200)
  parts.logger.debug({ route, topics: subscription.topics, user: subscription.user }, 'a stream opened')
}
