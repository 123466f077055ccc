import type { FastifyRequest } from 'fastify'
import type { Access } from '../auth/policy.ts'
import type { Parts } from './parts.ts'

/**
 * Who a request comes from, and what they may do: asked once for each request.
 * @throws TidingsError `unauthorized`.
 */
export function admit({ policy }: Parts, { raw }: FastifyRequest): Promise<Access> {
  return policy.admit({ headers: raw.headers, url: raw.url ?? '' })
}
