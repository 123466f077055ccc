import { TidingsError } from '@tidings/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CorsHeaders } from './cors.ts'
import type { Routes } from './routes.ts'

/**
 * Refuses what no route answers.
 * @throws TidingsError `method_not_allowed`, with the methods that are, `uri_too_long` or `not_found`.
 */
export function refuseRoute(request: FastifyRequest, reply: FastifyReply, routes: Routes): never {
  const allowed = routes.allowed(pathOf(request))
  if (allowed.length === 0) {
    throw new TidingsError(
      'not_found',
      'There is nothing at this path. GET /openapi.json lists what there is.',
    )
  }
  if (allowed.includes(request.method)) {
    // The resource is there, and yet the router did not take it to it: it gave up on the length of the parameter.
    throw new TidingsError('uri_too_long', 'A part of the path is too long.')
  }
  reply.header('allow', [...allowed, 'OPTIONS'].join(', '))
  throw new TidingsError('method_not_allowed', `This resource answers ${allowed.join(', ')}.`)
}

/**
 * Answers OPTIONS: what a path allows, and to pages of other origins, whether they may.
 * @throws TidingsError `not_found`.
 */
export function answerOptions(
  request: FastifyRequest,
  reply: FastifyReply,
  routes: Routes,
  cors: CorsHeaders,
): FastifyReply {
  const allowed = routes.allowed(pathOf(request))
  if (allowed.length === 0) return refuseRoute(request, reply, routes)
  reply.headers(cors.preflight(request.headers.origin)).header('allow', [...allowed, 'OPTIONS'].join(', '))
  return reply.code(204).send()
}

/** Without what comes before it in a target that names the server too, as one to a proxy does (RFC 9112 §3.2.2). */
function pathOf({ url }: FastifyRequest): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
}
