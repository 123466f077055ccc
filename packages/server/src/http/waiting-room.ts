import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, ListenOptions } from 'node:net'
import { TidingsError } from '@tidings/protocol'
import type { Logger } from '../observe/logger.ts'
import { goodbyeFrame } from '../stream/blocks.ts'
import { streamHeaders } from '../stream/respond.ts'
import { createListener } from './listener.ts'
import type { LiveCertificate } from './live-certificate.ts'
import { problemMediaType, problemOf } from './problem.ts'
import { apiHeaders, securityHeaders } from './security-headers.ts'

/** Answers on the server's port as long as there is no store yet. */
export interface WaitingRoom {
  readonly port: number
  /** Gives the port back. */
  close(): Promise<void>
}

/** What a waiting room is made of. */
export interface WaitingRoomOptions {
  readonly listen: ListenOptions
  readonly retryMs: number
  readonly logger: Logger
  readonly certificate?: LiveCertificate | undefined
}

const reason = 'the store is not there yet; it is being waited for'

/**
 * Opens a waiting room: the process is alive and not ready, publishers are to come back in a moment, and so are
 * streams, in the one way that a native EventSource understands.
 * @throws the error of `listen`.
 */
export async function openWaitingRoom(options: WaitingRoomOptions): Promise<WaitingRoom> {
  const { listen, logger, certificate } = options
  const { server, cut } = createListener(
    (request, response) => answer(options, request, response),
    logger,
    certificate,
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(listen, () => resolve())
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      cut()
      await closed
    },
  }
}

function answer({ retryMs }: WaitingRoomOptions, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.replace(/\?.*/, '')
  if (path === '/healthz') sendJson(response, 200, { status: 'alive' })
  else if (path === '/readyz') sendJson(response, 503, { status: 'unavailable', reason })
  else if (request.method === 'GET' && request.headers.accept?.includes('text/event-stream') === true) {
    response.writeHead(200, { ...securityHeaders, ...streamHeaders })
    const spread = Math.round(retryMs * (1 + Math.random()))
    response.end(goodbyeFrame({ reason: 'storage-unavailable', reconnect: true, retryMs: spread }).bare)
  } else {
    const error = new TidingsError(
      'storage_unavailable',
      `Nothing was done: ${reason}. Come back in a moment.`,
    )
    sendJson(response, error.status, problemOf(error), problemMediaType)
  }
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  type = 'application/json; charset=utf-8',
): void {
  const retry = status === 503 ? { 'retry-after': '1' } : {}
  const bytes = Buffer.from(JSON.stringify(body))
  const described = { 'content-type': type, 'content-length': bytes.length }
  response.writeHead(status, { ...apiHeaders, ...retry, ...described }).end(bytes)
}
