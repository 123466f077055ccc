import type { IncomingMessage } from 'node:http'
import type { Access } from '../auth/access.ts'
import { Authenticator, type StreamAdmission } from '../auth/authenticator.ts'
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

/**
 * The same for a stream, which a ticket in the query may open.
 * @param route the template of its path, e.g. `/events/:userId`.
 */
export async function admitStream(
  parts: Parts,
  request: IncomingMessage,
  route: string,
): Promise<StreamAdmission> {
  const { policy } = parts
  if (!(policy instanceof Authenticator)) return { access: await admit(parts, request) }
  const { headers, method, url = '' } = request
  const params = new URLSearchParams(url.slice(url.indexOf('?') + 1 || url.length))
  return policy.admitStream({ headers, method, url }, params.get('ticket') ?? undefined, cookiePath(route))
}

/** The streams of users are one tree, so that one cookie is for all of them. */
function cookiePath(route: string): string {
  return route.replace(/\/:.*$/, '')
}
