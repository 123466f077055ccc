import type { ConnectOptions } from '../options.ts'
import { serverBase } from '../server-base.ts'
import { failureOf } from './answer.ts'
import { Failure, wordsOf } from './failure.ts'
import { ownHeaders } from './request.ts'

/** What a request about an open stream is made with. */
export interface StreamRequest {
  readonly method: 'PATCH' | 'POST'
  /** Below `/streams/`. */
  readonly path: string
  readonly token: string | undefined
  readonly body?: unknown
}

/**
 * Asks the server something about an open stream (PROTOCOL §5.7, §5.8).
 * @throws Failure if the answer is not 2xx, or if there is none.
 */
export async function requestAboutStream(options: ConnectOptions, request: StreamRequest): Promise<void> {
  const { fetch = globalThis.fetch, credentials = 'same-origin' } = options
  const headers = new Headers(await ownHeaders(options))
  if (request.token !== undefined) headers.set('Authorization', `Bearer ${request.token}`)
  headers.set('Content-Type', 'application/json')
  const init: RequestInit = { method: request.method, headers, credentials, redirect: 'error' }
  if (request.body !== undefined) init.body = JSON.stringify(request.body)
  const response = await fetch(new URL(`streams/${request.path}`, serverBase(options.url)), init).catch(
    (error) => {
      throw new Failure({ code: 'network', message: `There is no answer: ${wordsOf(error)}` })
    },
  )
  if (!response.ok) throw await failureOf(response)
  void response.body?.cancel()
}
