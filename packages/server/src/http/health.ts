import type { FastifyInstance } from 'fastify'
import type { Parts } from './parts.ts'
import { sendJson } from './publish.ts'

/**
 * `/healthz`: does the process answer; `/readyz`: should new work come here. A full store keeps the server
 * ready, as streams and pages go on, but it says so.
 */
export function addHealth(app: FastifyInstance, { tidings, store }: Parts): void {
  let hasFailed = false
  void tidings.failed.then(() => {
    hasFailed = true
  })

  app.get('/healthz', async (_request, reply) => sendJson(reply, 200, { status: 'alive' }))

  app.get('/readyz', async (_request, reply) => {
    if (hasFailed) return sendJson(reply, 503, { status: 'failed', reason: 'the store failed' })
    if (tidings.isDraining)
      return sendJson(reply, 503, { status: 'draining', reason: 'the server is shutting down' })
    if (store.isFull) {
      return sendJson(reply, 200, { status: 'degraded', reason: 'the store is full or read-only' })
    }
    return sendJson(reply, 200, { status: 'ready' })
  })
}
