import type { FastifyInstance } from 'fastify'
import { countWithinMs } from '../peers/peers.ts'
import { requireAdmin } from './admin.ts'
import { admit } from './admit.ts'
import type { Measured } from './exposition.ts'
import type { Parts } from './parts.ts'

/**
 * Everything that is counted, for Prometheus to collect: of this node, which is all its workers, whichever of them is
 * asked. The library that writes it is loaded when it first does.
 */
export function addPrometheus(app: FastifyInstance, parts: Parts): void {
  const { tidings, metrics, crew } = parts
  const { peers } = tidings
  const question = `metrics of ${crew}`
  if (crew !== undefined) {
    peers.answer(question, async () => {
      const { measure } = await import('./exposition.ts')
      return measure(await tidings.stats({ everywhere: false }), metrics)
    })
  }
  app.get('/metrics', async (request, reply) => {
    requireAdmin(await admit(parts, request.raw))
    const { expose } = await import('./exposition.ts')
    const others = crew === undefined ? [] : await peers.askAll(question, null, countWithinMs)
    const measured = others.map(({ answer }) => answer as Measured)
    const { contentType, text } = await expose(await tidings.stats({ everywhere: false }), metrics, measured)
    return reply.header('content-type', contentType).send(text)
  })
}
