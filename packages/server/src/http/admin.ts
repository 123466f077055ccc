import { TidingsError } from '@tidings/protocol'
import type { FastifyInstance } from 'fastify'
import { admit } from './admit.ts'
import type { Parts } from './parts.ts'
import { sendJson } from './publish.ts'

/** What only those who run the server may do. */
export function addAdmin(app: FastifyInstance, parts: Parts): void {
  app.post('/api/admin/rotate', async (request, reply) => {
    const access = await admit(parts, request.raw)
    if (!access.mayAdminister()) {
      throw new TidingsError('forbidden', 'Only those who run the server may begin a new epoch.')
    }
    const epoch = await parts.tidings.rotate()
    parts.logger.warn({ epoch, caller: access.caller }, 'a new epoch began on request')
    return sendJson(reply, 200, { epoch })
  })
}
