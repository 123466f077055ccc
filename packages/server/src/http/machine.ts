import type { FastifyInstance } from 'fastify'
import { readSubscription } from '../stream/accept.ts'
import { openStream } from './open-stream.ts'
import type { Parts } from './parts.ts'
import { queryOf, refuseOthers } from './query.ts'

/** The server's own processor and memory, as a stream. */
export function addMachine(app: FastifyInstance, parts: Parts): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/metrics',
    handler: (request, reply) => {
      const params = queryOf(request)
      refuseOthers(params, ['lastEventId', 'ticket'])
      params.set('topic', '$metrics')
      return openStream(parts, request, reply, readSubscription(params, request.raw.headers))
    },
  })
}
