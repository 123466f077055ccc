import type { FastifyInstance } from 'fastify'
import type { Parts } from './parts.ts'
import { sendJson } from './publish.ts'

/** What this server holds and has done, in numbers. */
export function addStats(app: FastifyInstance, { tidings }: Parts): void {
  app.get('/api/stats', async (_request, reply) => sendJson(reply, 200, await tidings.stats()))
}
