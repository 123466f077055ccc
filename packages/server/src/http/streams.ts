import { TidingsError } from '@tidings/protocol'
import type { FastifyInstance } from 'fastify'
import type { Amendment } from '../stream/amend.ts'
import { admit } from './admit.ts'
import { readJson } from './body.ts'
import { readFields } from './fields.ts'
import { createForward } from './forwarding.ts'
import type { Parts } from './parts.ts'
import { sendJson } from './publish.ts'

interface Named {
  Params: { clientId: string }
}

/** Open streams, by the `clientId` that `connected` told their clients, also those of other processes. */
export function addStreams(app: FastifyInstance, parts: Parts): void {
  const forward = createForward(app, parts.tidings)

  app.patch<Named>('/streams/:clientId', async (request, reply) => {
    const forwarded = await forward(request, reply, request.params.clientId)
    if (forwarded !== undefined) return forwarded
    const access = await admit(parts, request.raw)
    const amendment: Amendment = readFields(readJson(request), ['add', 'remove', 'after', 'last'])
    const amended = await parts.tidings.amend(request.params.clientId, amendment, access)
    if (amended === undefined) throw noSuchStream()
    return sendJson(reply, 200, amended)
  })

  app.post<Named>('/streams/:clientId/token', async (request, reply) => {
    const forwarded = await forward(request, reply, request.params.clientId)
    if (forwarded !== undefined) return forwarded
    const access = await admit(parts, request.raw)
    const renewed = parts.tidings.renew(request.params.clientId, access)
    if (renewed === undefined) throw noSuchStream()
    const { expiresAt } = renewed
    return sendJson(reply, 200, {
      expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
    })
  })
}

/** The same for a stream that is over and for one of somebody else's: nobody learns which there are. */
function noSuchStream(): TidingsError {
  return new TidingsError('not_found', 'You have no open stream of this name.')
}
