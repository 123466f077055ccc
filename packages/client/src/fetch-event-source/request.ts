import { byteString } from '../event-source/byte-string.ts'
import { homeFetch } from '../event-source/home-fetch.ts'
import type { FetchEventSourceInit } from './init.ts'

/** Headers that say nothing about who asks, and so may follow a redirect to anywhere. */
const openHeaders = ['accept', 'accept-language', 'cache-control', 'last-event-id', 'pragma']

/**
 * Sends one try.
 * @param lastEventId empty: the server took it back; `undefined`: there was none yet, and one among `headers` counts.
 */
export function sendRequest(
  input: RequestInfo,
  init: FetchEventSourceInit,
  lastEventId: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const { headers, fetch = globalThis.fetch, ...rest } = withoutCallbacks(init)
  const isRequest = input instanceof Request
  const all = new Headers(isRequest ? input.headers : undefined)
  new Headers(headers).forEach((value, name) => {
    all.set(name, value)
  })
  if (!all.has('accept')) all.set('accept', 'text/event-stream')
  if (lastEventId === '') all.delete('last-event-id')
  else if (lastEventId !== undefined) all.set('last-event-id', byteString(lastEventId))
  // Who says how redirects are to be treated, or brings a whole request, gets what the platform does.
  if (isRequest || rest.redirect !== undefined || rest.mode !== undefined) {
    // A request's body can be read but once: each try gets a copy.
    return fetch(isRequest ? input.clone() : input, { ...rest, headers: Object.fromEntries(all), signal })
  }
  const [own, open] = split(all)
  return homeFetch(fetch, { url: String(input), init: { ...rest, signal }, headers: open, homeHeaders: own })
}

function withoutCallbacks(init: FetchEventSourceInit) {
  const { onopen, onmessage, onclose, onerror, openWhenHidden, maxEventBytes, signal, ...rest } = init
  return rest
}

function split(all: Headers): [own: Headers, open: Headers] {
  const own = new Headers()
  const open = new Headers()
  all.forEach((value, name) => {
    ;(openHeaders.includes(name) ? open : own).set(name, value)
  })
  return [own, open]
}
