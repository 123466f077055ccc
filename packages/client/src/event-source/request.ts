import { byteString } from './byte-string.ts'
import { homeFetch } from './home-fetch.ts'
import type { EventSourceInit, EventSourceRequest } from './init.ts'
import { withoutPassword } from './url.ts'

/**
 * What `fetch` would refuse at every connection is refused at once: a stream that can't come about must not try for ever.
 * @throws TypeError
 */
export function checkRequest(url: URL, { headers, method, body }: EventSourceInit): void {
  if (headers === undefined && method === undefined && body === undefined) return
  const own = typeof headers === 'function' ? undefined : headers
  const { href } = withoutPassword(url)
  new Request(href, { method: method ?? 'GET', headers: new Headers(own), body: body ?? null })
}

/**
 * Sends one request for the stream (HTML standard, 9.2.2).
 * @param lastEventId empty if the server has not given one.
 * @throws RedirectError, and whatever `headers()` or `fetch` throws.
 */
export async function requestStream(
  url: URL,
  { headers, method = 'GET', body, fetch = globalThis.fetch, withCredentials }: EventSourceInit,
  lastEventId: string,
  signal: AbortSignal,
): Promise<Response> {
  const { href, authorization } = withoutPassword(url)
  const homeHeaders = new Headers(typeof headers === 'function' ? await headers() : headers)
  signal.throwIfAborted()
  if (authorization !== undefined && !homeHeaders.has('authorization'))
    homeHeaders.set('authorization', authorization)
  const standard = new Headers({ accept: 'text/event-stream' })
  // "If the last event ID string is not the empty string": until then, one of the application's own may count.
  if (lastEventId !== '') {
    homeHeaders.delete('last-event-id')
    standard.set('last-event-id', byteString(lastEventId))
  }
  const credentials = withCredentials ? 'include' : 'same-origin'
  return homeFetch((at, request) => fetch(at, { redirect: 'follow', ...request } as EventSourceRequest), {
    url: href,
    init: { method, body: body ?? null, mode: 'cors', credentials, cache: 'no-store', signal },
    headers: standard,
    homeHeaders,
  })
}
