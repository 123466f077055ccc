import { TidingsError } from '@tidings/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { storageUnavailable } from '../log/refusals.ts'
import { peerIdLength } from '../peers/peers.ts'
import type { Tidings } from '../tidings.ts'

/** A request as it goes to another process: all that is judged of one. */
interface Forwarded {
  readonly method: 'PATCH' | 'POST'
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[]>>
  /** A character for each byte, whatever they mean. */
  readonly body: string
}

/** What the other process answers. */
interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string
}

/** The largest body that is forwarded, in bytes. What changes a stream is a list of topics. */
const largestBody = 1024 * 1024

/** What is about one connection, and not about the request or the answer (RFC 9110, 7.6.1). */
const hopHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Hands a request on to the process that has the stream, if that is another one and it is there.
 * @throws TidingsError `storage_unavailable` if that cannot be found out, because it is asked by way of the store.
 */
export type Forward = (
  request: FastifyRequest,
  reply: FastifyReply,
  clientId: string,
) => Promise<FastifyReply | undefined>

/**
 * Lets requests about a stream reach the process that has it, wherever they arrive. The owner judges and answers
 * them as its own, so that who may do what with a stream is decided in one place.
 */
export function createForward(app: FastifyInstance, { peers, log }: Tidings): Forward {
  peers.answer('request', (question) => answer(app, question as Forwarded))
  return async (request, reply, clientId) => {
    const owner = clientId.slice(0, peerIdLength)
    if (owner === peers.id || !/^[0-9a-z]{8}$/.test(owner)) return undefined
    const answered = (await peers.ask(owner, 'request', forwardedOf(request))) as Answer | undefined
    if (answered === undefined) {
      const { state, reason } = log.health
      if (state === 'unavailable') throw storageUnavailable(new Error(reason))
      return undefined
    }
    return reply.code(answered.status).headers(answered.headers).send(answered.body)
  }
}

/** @throws TidingsError `body_too_large` */
function forwardedOf({ raw, body }: FastifyRequest): Forwarded {
  const bytes = body as Buffer | undefined
  if ((bytes?.length ?? 0) > largestBody) {
    throw new TidingsError('body_too_large', `What changes a stream has at most ${largestBody} bytes.`)
  }
  const { method, url = '', headers } = raw
  return {
    method: method as Forwarded['method'],
    // A target that names a host as well would be another way to say which.
    url: url.startsWith('/') ? url : new URL(url).pathname,
    headers: endToEnd(headers),
    body: bytes?.toString('latin1') ?? '',
  }
}

async function answer(app: FastifyInstance, { method, url, headers, body }: Forwarded): Promise<Answer> {
  const response = await app.inject({ method, url, headers, payload: Buffer.from(body, 'latin1') })
  return { status: response.statusCode, headers: endToEnd(response.headers), body: response.payload }
}

function endToEnd(headers: Readonly<Record<string, unknown>>): Record<string, string | string[]> {
  const fields = Object.entries(headers).filter(
    // HTTP/2 has the method and the path among its headers.
    ([name, value]) => !hopHeaders.has(name) && !name.startsWith(':') && value !== undefined,
  )
  return Object.fromEntries(
    fields.map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : String(value)]),
  )
}
