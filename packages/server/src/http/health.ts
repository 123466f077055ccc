import type { FastifyInstance } from 'fastify'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Parts } from './parts.ts'
import { sendJson } from './publish.ts'

/**
 * `/healthz`: does the process answer; `/readyz`: should new work come here. A full store keeps the server
 * ready, as streams and pages go on, but it says so; with one that is out of reach, another node serves better. So it
 * does while nobody finds out here who may what: revocations are refused then, and nothing new is shown.
 */
export function addHealth(app: FastifyInstance, { tidings, store }: Parts, auth: Authenticator): void {
  let hasFailed = false
  void tidings.failed.then(() => {
    hasFailed = true
  })

  app.get('/healthz', async (_request, reply) => sendJson(reply, 200, { status: 'alive' }))

  app.get('/readyz', async (_request, reply) => {
    if (hasFailed) return sendJson(reply, 503, { status: 'failed', reason: 'the store failed' })
    if (tidings.isDraining)
      return sendJson(reply, 503, { status: 'draining', reason: 'the server is shutting down' })
    const { state, reason, warnings } = tidings.log.health
    const warned = warnings.length === 0 ? {} : { warnings }
    if (state !== 'up') return sendJson(reply, 503, { status: state, reason, ...warned })
    const { whyAway } = auth.store
    if (whyAway !== undefined) {
      const why = `who may what cannot be read: ${whyAway}`
      return sendJson(reply, 503, { status: 'unavailable', reason: why, ...warned })
    }
    if (store.isFull) {
      return sendJson(reply, 200, { status: 'degraded', reason: 'the store is full or read-only', ...warned })
    }
    return sendJson(reply, 200, { status: 'ready', ...warned })
  })
}
