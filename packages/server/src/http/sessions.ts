import type { IncomingMessage } from 'node:http'
import { TidingsError } from '@tidings/protocol'
import type { FastifyInstance } from 'fastify'
import type { Authenticator, Mode } from '../auth/authenticator.ts'
import { readCookie, sessionCookie } from '../auth/cookies.ts'
import type { Credentials } from '../auth/policy.ts'
import type { Parts } from './parts.ts'
import { sendJson } from './publish.ts'

/** What a browser needs that cannot send headers: the cookie of a session, and tickets. */
export function addSessions(app: FastifyInstance, _parts: Parts, auth: Authenticator): void {
  app.post('/api/session', async (request, reply) => {
    const { token, setCookie } = await auth.openSession(request.raw.headers.authorization)
    const expiresAt = new Date(token.expiresAt).toISOString()
    return sendJson(reply.header('set-cookie', setCookie), 200, {
      mode: auth.mode,
      user: token.subject,
      expiresAt,
    })
  })

  // Whoever asks is told who they are here, also that they are nobody: pages ask before they know.
  app.get('/api/session', async (request, reply) => {
    try {
      const { subject, expiresAt } = await auth.userOf(credentialsOf(request.raw))
      return sendJson(reply, 200, sessionOf(auth.mode, subject, expiresAt))
    } catch (error) {
      if (!(error instanceof TidingsError)) throw error
      // A cookie that no longer counts, or that another server of this machine set, would spoil every other request.
      const isStale = error.code === 'unauthorized' && hasSession(request.raw)
      if (isStale) reply.header('set-cookie', auth.closeSession())
      return sendJson(reply, 200, sessionOf(auth.mode))
    }
  })

  app.delete('/api/session', async (_request, reply) =>
    reply.header('set-cookie', auth.closeSession()).code(204).send(),
  )

  app.post('/api/tickets', async (request, reply) => {
    const { ticket, expiresAt } = await auth.issueTicket(credentialsOf(request.raw))
    return sendJson(reply, 201, { ticket, expiresAt: new Date(expiresAt).toISOString() })
  })
}

function sessionOf(mode: Mode, user: string | null = null, expiresAt?: number): object {
  return { mode, user, expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString() }
}

function hasSession({ headers }: IncomingMessage): boolean {
  return readCookie(headers.cookie, sessionCookie) !== undefined
}

function credentialsOf({ headers, method, url = '' }: IncomingMessage): Credentials {
  return { headers, method, url }
}
