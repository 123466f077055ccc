import { TidingsError, userTopic } from '@tidings/protocol'
import type { FastifyInstance } from 'fastify'
import type { Access } from '../auth/access.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import { fillIn, maxPatterns } from '../auth/token/claims.ts'
import { parseDuration } from '../config/quantity.ts'
import { admit } from './admit.ts'
import { readJson } from './body.ts'
import { readFields, readList } from './fields.ts'
import type { Parts } from './parts.ts'
import { sendJson } from './publish.ts'

/** Tokens for users, made for those who run an app and have no identity provider. */
export function addTokens(app: FastifyInstance, parts: Parts, auth: Authenticator): void {
  const { tokenTtlMs, tokenMaxLifetimeMs } = parts.tidings.settings

  app.post('/api/tokens', async (request, reply) => {
    const access = await admit(parts, request.raw)
    const { user, subscribe, publish, ttl } = readFields(readJson(request), [
      'user',
      'subscribe',
      'publish',
      'ttl',
    ])
    if (typeof user !== 'string') throw invalid('user', 'user is the id of the user that the token is for.')
    const topic = userTopic(user)
    if (!access.mayAdminister(topic)) {
      throw new TidingsError(
        'forbidden',
        'You may not make tokens for this user; use a key that may administer it.',
      )
    }
    const grants = { subscribe: readList('subscribe', subscribe), publish: readList('publish', publish) }
    if (grants.subscribe.length + grants.publish.length > maxPatterns) {
      throw invalid('subscribe', `A token holds at most ${maxPatterns} patterns in all.`)
    }
    checkGrants(access, user, grants)
    const expiresAt =
      Date.now() + readTtl(ttl ?? Math.min(tokenTtlMs, tokenMaxLifetimeMs), tokenMaxLifetimeMs)
    const token = await auth.own.mint('user', { subject: user, expiresAt, ...grants })
    parts.logger.info({ caller: access.caller, user, expiresAt: new Date(expiresAt) }, 'a token was made')
    return sendJson(reply, 201, { token, user, expiresAt: new Date(expiresAt).toISOString() })
  })
}

/** Nobody hands on more than they have. */
function checkGrants(
  access: Access,
  user: string,
  grants: Readonly<Record<'subscribe' | 'publish', readonly string[]>>,
): void {
  for (const right of ['subscribe', 'publish'] as const) {
    for (const pattern of grants[right]) {
      const filled = fillIn(pattern, user)
      if (access.mayGrant(right, filled)) continue
      throw new TidingsError(
        'forbidden',
        `You may not hand on the right to ${right} to all of this pattern.`,
        {
          field: right,
        },
      )
    }
  }
}

function readTtl(ttl: unknown, maxMs: number): number {
  const ms = typeof ttl === 'string' ? parseDuration(ttl) : ttl
  if (typeof ms === 'number' && Number.isSafeInteger(ms) && ms > 0 && ms <= maxMs) return ms
  throw invalid('ttl', `ttl is a duration such as "15m", or milliseconds, and at most ${maxMs} ms.`)
}

function invalid(field: string, message: string): TidingsError {
  return new TidingsError('invalid_field', message, { field })
}
