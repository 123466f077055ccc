import type { FastifyInstance } from 'fastify'
import type { Parts } from './parts.ts'

/** Everything that is counted, for Prometheus to collect. The library that writes it is loaded when it first does. */
export function addPrometheus(app: FastifyInstance, { tidings, metrics }: Parts): void {
  app.get('/metrics', async (_request, reply) => {
    const { expose } = await import('./exposition.ts')
    const { contentType, text } = await expose(await tidings.stats(), metrics)
    return reply.header('content-type', contentType).send(text)
  })
}
