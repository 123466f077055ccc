import type { IncomingMessage } from 'node:http'
import type { Access } from '../auth/access.ts'
import type { Parts } from './parts.ts'

/**
 * Who a request comes from, and what they may do: asked once for each request.
 * @throws TidingsError `unauthorized`.
 */
export function admit(
  { policy }: Parts,
  { headers, method, url = '' }: IncomingMessage,
): Access | Promise<Access> {
  return policy.admit({ headers, url, method })
}
