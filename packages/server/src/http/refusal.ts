import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readCookie, sessionCookie, writeCookie } from '../auth/cookies.ts'
import { partingHeaders } from './guard.ts'
import type { Parts } from './parts.ts'
import { asTidingsError, problemMediaType, problemOf } from './problem.ts'
import { RateLimited } from './rate-limits.ts'
import { apiHeaders } from './security-headers.ts'

/** Answers an error. */
export type Refusal = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** A problem document. */
  readonly body: string
}

/** Makes the one function that turns errors into problem documents, and logs those that are the server's fault. */
export function createRefusal(parts: Parts): Refusal {
  return (thrown, request, reply) => {
    const { status, headers, body } = answerOf(parts, thrown, request.raw, request.routeOptions.url)
    if (cutHalfAnswer(reply.raw)) {
      reply.hijack()
      return
    }
    reply.code(status).headers(headers).send(body)
  }
}

/** The same for a request that Fastify has not seen. */
export function refuseRaw(
  parts: Parts,
  thrown: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  route: string,
): void {
  const method = request.method!
  const { status, headers, body } = answerOf(parts, thrown, request, route)
  if (cutHalfAnswer(response)) return
  const closing = partingHeaders(request, parts.tidings)
  response.writeHead(status, { ...apiHeaders, ...headers, ...closing }).end(body)
  parts.metrics.countRequest(route, method, status)
}

function answerOf(
  { logger }: Parts,
  thrown: unknown,
  request: IncomingMessage,
  route: string | undefined,
): Answer {
  const { method } = request
  const error = asTidingsError(thrown)
  const { status, code } = error
  let instance: string | undefined
  // While the store is away, one line tells so, and not one for each request.
  if (status >= 500 && code !== 'draining' && code !== 'storage_unavailable') {
    instance = `urn:uuid:${crypto.randomUUID()}`
    logger.error({ err: thrown, instance, method, route, code }, 'a request failed')
  }
  const retry = status === 503 || status === 507 ? { 'retry-after': '1' } : {}
  const limit = error instanceof RateLimited ? error.headers : {}
  const challenge = status === 401 ? challengeTo(request) : {}
  const headers = { 'content-type': problemMediaType, ...retry, ...limit, ...challenge }
  return { status, headers, body: JSON.stringify(problemOf(error, instance)) }
}

/** What is wanted; and a session that no longer counts is taken back, or the browser would show it for ever. */
function challengeTo({ headers, url = '' }: IncomingMessage): Readonly<Record<string, string>> {
  const challenge = { 'www-authenticate': 'Bearer' }
  // What was wrong may have been something else that was shown beside it.
  const isJudged = headers.authorization === undefined && !url.includes('ticket=')
  if (!isJudged || readCookie(headers.cookie, sessionCookie) === undefined) return challenge
  return { ...challenge, 'set-cookie': writeCookie(sessionCookie, '', { path: '/', maxAgeS: 0 }) }
}

/** Half an answer cannot become a problem document; the end of the connection says that it is not whole. */
function cutHalfAnswer(response: ServerResponse): boolean {
  if (response.headersSent) response.destroy()
  return response.headersSent
}
