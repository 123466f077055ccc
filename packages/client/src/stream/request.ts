import { serverBase } from '../server-base.ts'
import { discard, failureOf } from './answer.ts'
import { orFail } from './failure.ts'
import type { Settings } from './settings.ts'

/** What changes from one request for a stream to the next. */
export interface RequestDetails {
  readonly topics: Iterable<string>
  readonly lastEventId: string
  readonly token: string | undefined
  readonly signal: AbortSignal
}

/**
 * Asks for a stream.
 * @throws Failure if there is no answer.
 */
export async function requestStream(options: Settings, details: RequestDetails): Promise<Response> {
  const { url, types, last = 0, method = 'GET', body } = options
  const { topics, lastEventId, token, signal } = details
  const address = new URL(url)
  for (const topic of topics) address.searchParams.append('topic', topic)
  if (types.length > 0) address.searchParams.set('types', types.join())
  if (last > 0 && lastEventId === '') address.searchParams.set('last', `${last}`)
  const headers: Record<string, string> = { Accept: 'text/event-stream' }
  // Headers are bytes, each written as one character: an id goes as its UTF-8, as the standard has it.
  if (lastEventId !== '')
    headers['Last-Event-ID'] = String.fromCharCode(...new TextEncoder().encode(lastEventId))
  return send(options, address, token, headers, { method, signal, ...(body !== undefined && { body }) })
}

/**
 * Asks for something about an open stream (PROTOCOL §5.7, §5.8).
 * @param path below `/streams/`.
 * @throws Failure if the answer is not 2xx, or if there is none.
 */
export async function requestAboutStream(
  options: Settings,
  path: string,
  token: string | undefined,
  init: { readonly method: string; readonly body?: string },
): Promise<void> {
  const address = new URL(`streams/${path}`, serverBase(options.url))
  const response = await send(options, address, token, { 'Content-Type': 'application/json' }, init)
  if (!response.ok) throw await failureOf(response)
  discard(response)
}

async function send(
  options: Settings,
  address: URL,
  token: string | undefined,
  more: Readonly<Record<string, string>>,
  init: RequestInit,
): Promise<Response> {
  const { headers: own, credentials = 'same-origin', fetch = globalThis.fetch } = options
  const added = await orFail('application', 'headers() failed:', () =>
    typeof own === 'function' ? own() : own,
  )
  const headers = new Headers({ ...added, ...more })
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`)
  // Fetch takes Authorization away when a redirect leaves the origin, but no other header, and no body: those must not go along.
  const redirect = added === undefined && init.body === undefined ? 'follow' : 'manual'
  return orFail('network', 'There is no answer:', () =>
    fetch(address, { ...init, headers, credentials, redirect, cache: 'no-store' }),
  )
}
