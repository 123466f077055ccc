import type { IncomingMessage } from 'node:http'
import { TidingsError } from '@tidings/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Parts } from './parts.ts'
import { apiHeaders, type HeaderFields } from './security-headers.ts'

/** What is checked before a body is read. It must stay cheap: every publish passes here. */
export function createGuard(parts: Parts) {
  return (
    { raw, routeOptions }: FastifyRequest,
    _reply: FastifyReply,
    done: (error?: Error) => void,
  ): void => {
    const isWrite = writing.has(raw.method!)
    const isProbe = probes.has(routeOptions.url)
    done(isWrite ? refusalOf(raw, parts) : isProbe ? unclearOf(raw) : unwelcomeOf(raw, parts))
  }
}

/** Methods that change something. */
const writing: ReadonlySet<string> = new Set(['POST', 'PATCH', 'DELETE'])

/** What orchestrators ask by whatever address they know, and what tells nobody anything. */
const probes: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz'])

/** Why a write is refused before its body is read, if it is. */
export function refusalOf(request: IncomingMessage, parts: Parts): TidingsError | undefined {
  const { tidings, cors } = parts
  const { headers } = request
  const unwelcome = unwelcomeOf(request, parts)
  if (unwelcome !== undefined) return unwelcome
  if (tidings.isDraining) return draining()
  const { 'sec-fetch-site': site, origin } = headers
  // A form on any page can POST text/plain here without a preflight. Browsers say where it comes from.
  return (site === 'cross-site' || site === 'same-site') && !cors.allows(origin) ? crossSite() : undefined
}

function unwelcomeOf(request: IncomingMessage, { hosts }: Parts): TidingsError | undefined {
  const unclear = unclearOf(request)
  if (unclear !== undefined) return unclear
  if (hosts.allows(hostOf(request))) return undefined
  return new TidingsError(
    'forbidden',
    'This server is not reached under that name. If it should be, add the name to the setting allowedHosts.',
    { field: 'Host' },
  )
}

/** Fields of which Node takes the first of several; a proxy in front may have taken the last (RFC 9112 §3.2). */
const once: ReadonlyMap<string, string> = new Map([
  ['host', 'Host'],
  ['authorization', 'Authorization'],
])

/** Why it is not clear which server is asked, or by whom; `undefined` if it is. */
function unclearOf({ headers, httpVersion, rawHeaders }: IncomingMessage): TidingsError | undefined {
  if (headers.host === undefined && httpVersion === '1.1') return notOnce('Host')
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const { length } = rawHeaders[index]!
    // The two lengths first: to compare each name in lower case would cost every publish.
    if (length !== 4 && length !== 13) continue
    const field = once.get(rawHeaders[index]!.toLowerCase())
    if (field === undefined) continue
    if (seen.has(field)) return notOnce(field)
    seen.add(field)
  }
  return undefined
}

function notOnce(field: string): TidingsError {
  return new TidingsError('bad_request', `Send one ${field}.`, { field })
}

/** The target itself may say it, as to a proxy, and wins then (RFC 9112 §3.2.2). */
function hostOf({ url = '', headers: { host } }: IncomingMessage): string | undefined {
  return url.startsWith('/') ? host : (/^\w+:\/\/([^/?#]*)/.exec(url)?.[1] ?? host)
}

/** The answer to everything new while the server shuts down. */
function draining(): TidingsError {
  return new TidingsError(
    'draining',
    'The server is shutting down; nothing was stored. Try again, elsewhere or soon.',
  )
}

function crossSite(): TidingsError {
  return new TidingsError(
    'forbidden',
    'Pages of this origin may not publish here. Add it to the setting corsOrigins if they should.',
    { field: 'Origin' },
  )
}

/**
 * While the server shuts down, the next request of this caller should find another. HTTP/2 has no such header:
 * there the session itself is told.
 */
export function partingHeaders(
  { httpVersionMajor }: IncomingMessage,
  { isDraining }: { readonly isDraining: boolean },
): HeaderFields {
  return isDraining && httpVersionMajor === 1 ? parting : nothing
}

const parting: HeaderFields = Object.freeze({ connection: 'close' })
const nothing: HeaderFields = Object.freeze({})

/** Adds what every answer has, and counts it. */
export type Finish = (request: FastifyRequest, reply: FastifyReply) => void

export function createFinish({ tidings, cors, metrics }: Parts): Finish {
  return (request, reply) => {
    for (const [name, value] of Object.entries(apiHeaders))
      if (!reply.hasHeader(name)) reply.header(name, value)
    reply.headers(cors.of(request.raw.headers.origin))
    reply.headers(partingHeaders(request.raw, tidings))
    metrics.countRequest(request.routeOptions.url, request.method, reply.statusCode)
  }
}
