import type { FastifyInstance } from 'fastify'
import { requireAdmin } from './admin.ts'
import { admit } from './admit.ts'
import type { Parts } from './parts.ts'
import { sendJson } from './publish.ts'

/** What this server holds and has done, in numbers. */
export function addStats(app: FastifyInstance, parts: Parts): void {
  app.get('/api/stats', async (request, reply) => {
    requireAdmin(await admit(parts, request.raw))
    return sendJson(reply, 200, await parts.tidings.stats())
  })
}
