import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Parts } from './parts.ts'
import { asTidingsError, problemMediaType, problemOf } from './problem.ts'

/** Answers an error. */
export type Refusal = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void

/** Makes the one function that turns errors into problem documents, and logs those that are the server's fault. */
export function createRefusal({ logger }: Parts): Refusal {
  return (thrown, request, reply) => {
    const error = asTidingsError(thrown)
    let instance: string | undefined
    if (error.status >= 500 && error.code !== 'draining') {
      instance = `urn:uuid:${crypto.randomUUID()}`
      const route = request.routeOptions.url
      logger.error(
        { err: thrown, instance, method: request.method, route, code: error.code },
        'a request failed',
      )
    }
    if (reply.raw.headersSent) {
      // Half an answer cannot become a problem document; the end of the connection says that it is not whole.
      reply.hijack()
      reply.raw.destroy()
      return
    }
    if (error.status === 503 || error.status === 507) reply.header('retry-after', '1')
    reply.code(error.status).header('content-type', problemMediaType)
    reply.send(JSON.stringify(problemOf(error, instance)))
  }
}
