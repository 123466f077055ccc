import type { FastifyInstance } from 'fastify'
import { requireAdmin } from './admin.ts'
import { admit } from './admit.ts'
import type { Parts } from './parts.ts'

/** Everything that is counted, for Prometheus to collect. The library that writes it is loaded when it first does. */
export function addPrometheus(app: FastifyInstance, parts: Parts): void {
  const { tidings, metrics } = parts
  app.get('/metrics', async (request, reply) => {
    requireAdmin(await admit(parts, request.raw))
    const { expose } = await import('./exposition.ts')
    const { contentType, text } = await expose(await tidings.stats(), metrics)
    return reply.header('content-type', contentType).send(text)
  })
}
