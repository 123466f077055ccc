import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { apiHeaders, partingHeaders } from './guard.ts'
import type { Parts } from './parts.ts'
import { asTidingsError, problemMediaType, problemOf } from './problem.ts'

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
    const { status, headers, body } = answerOf(parts, thrown, request.method, request.routeOptions.url)
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
  const { status, headers, body } = answerOf(parts, thrown, method, route)
  if (cutHalfAnswer(response)) return
  const closing = partingHeaders(request, parts.tidings)
  response.writeHead(status, { ...apiHeaders, ...headers, ...closing }).end(body)
  parts.metrics.countRequest(route, method, status)
}

function answerOf({ logger }: Parts, thrown: unknown, method: string, route: string | undefined): Answer {
  const error = asTidingsError(thrown)
  const { status, code } = error
  let instance: string | undefined
  if (status >= 500 && code !== 'draining') {
    instance = `urn:uuid:${crypto.randomUUID()}`
    logger.error({ err: thrown, instance, method, route, code }, 'a request failed')
  }
  const retry = status === 503 || status === 507 ? { 'retry-after': '1' } : {}
  const headers = { 'content-type': problemMediaType, ...retry }
  return { status, headers, body: JSON.stringify(problemOf(error, instance)) }
}

/** Half an answer cannot become a problem document; the end of the connection says that it is not whole. */
function cutHalfAnswer(response: ServerResponse): boolean {
  if (response.headersSent) response.destroy()
  return response.headersSent
}
