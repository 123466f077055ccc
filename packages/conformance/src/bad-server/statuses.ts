import type { OutgoingHttpHeaders } from 'node:http'
import type { Behaviour, Body } from './exchange.ts'

/** What else an answer with a status has. */
export interface StatusOptions {
  /** `Retry-After`: a number of seconds, or anything at all, sent as it is. */
  readonly retryAfter?: number | string | undefined
  readonly headers?: OutgoingHttpHeaders | undefined
  readonly body?: Body | undefined
}

/** A status, and the end. */
export function status(code: number, { retryAfter, headers = {}, body = '' }: StatusOptions = {}): Behaviour {
  return (exchange) => {
    const wait = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }
    exchange.head(code, { ...wait, ...headers })
    exchange.end(body)
  }
}

/** The same behaviour a number of times: `script(times(3, status(503)), stream(body))`. */
export function times(count: number, behaviour: Behaviour): Behaviour[] {
  return Array.from({ length: count }, () => behaviour)
}

/** An error status a number of times; what stands after it in the script is the calm. */
export function storm(
  count: number,
  code: 429 | 500 | 502 | 503 | 504,
  options?: StatusOptions,
): Behaviour[] {
  return times(count, status(code, options))
}

/** 204, by which the standard tells an EventSource not to come back. */
export function noContent(): Behaviour {
  return status(204)
}

/** 403, with a problem document. */
export function forbidden(): Behaviour {
  return problem(403, 'forbidden')
}

/** 404, with a problem document. */
export function notFound(): Behaviour {
  return problem(404, 'not_found')
}

/** 408: the server says that the client was too slow. */
export function requestTimeout(): Behaviour {
  return status(408, { headers: { Connection: 'close' } })
}

/** 425: the server will not risk a request that may be replayed. */
export function tooEarly(): Behaviour {
  return status(425)
}

/** 401 for everybody who does not bring one of these bearer tokens; who does gets `then`. */
export function unauthorizedWithout(tokens: string | readonly string[], then: Behaviour): Behaviour {
  const good = [tokens].flat().map((token) => `Bearer ${token}`)
  const refuse = problem(401, 'unauthorized', { 'WWW-Authenticate': 'Bearer' })
  return (exchange) =>
    good.includes(exchange.request.headers.authorization ?? '') ? then(exchange) : refuse(exchange)
}

function problem(code: number, name: string, headers: OutgoingHttpHeaders = {}): Behaviour {
  const body = JSON.stringify({ type: 'about:blank', title: name, status: code, code: name })
  return status(code, { headers: { 'Content-Type': 'application/problem+json', ...headers }, body })
}
