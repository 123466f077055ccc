import type { ConnectOptions } from '../options.ts'
import { resolveUrl } from '../server-base.ts'
import { Failure, wordsOf } from './failure.ts'

/** What changes from one request for a stream to the next. */
export interface RequestDetails {
  readonly topics: Iterable<string>
  readonly lastEventId: string
  readonly token: string | undefined
  readonly signal: AbortSignal
}

/** More are a loop. */
const redirectsAtMost = 5

/**
 * Asks for a stream.
 * @throws Failure if there is no answer.
 */
export async function requestStream(options: ConnectOptions, details: RequestDetails): Promise<Response> {
  const { body, credentials = 'same-origin', fetch = globalThis.fetch } = options
  const own = await ownHeaders(options)
  const headers = new Headers(own)
  headers.set('Accept', 'text/event-stream')
  if (details.token !== undefined) headers.set('Authorization', `Bearer ${details.token}`)
  if (details.lastEventId !== '') headers.set('Last-Event-ID', asHeader(details.lastEventId))
  const init: RequestInit = {
    method: options.method ?? 'GET',
    headers,
    credentials,
    cache: 'no-store',
    signal: details.signal,
    // Fetch takes Authorization away when a redirect leaves the origin, but no other header: those it must not follow.
    redirect: Object.keys(own).length > 0 ? 'manual' : 'follow',
  }
  if (body !== undefined) init.body = body
  try {
    return await follow(fetch, streamAddress(options, details), init, Object.keys(own))
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure({ code: 'network', message: `There is no answer: ${wordsOf(error)}` })
  }
}

/** The address of a stream with its topics. */
function streamAddress({ url = '/events', types, last }: ConnectOptions, details: RequestDetails): URL {
  const address = resolveUrl(url)
  for (const topic of details.topics) address.searchParams.append('topic', topic)
  const names = [...(types ?? [])]
  if (names.length > 0) address.searchParams.set('types', names.join())
  if (last !== undefined && details.lastEventId === '') address.searchParams.set('last', String(last))
  return address
}

/** The headers that the application adds.
 * @throws Failure */
export async function ownHeaders({ headers }: ConnectOptions): Promise<Readonly<Record<string, string>>> {
  try {
    return typeof headers === 'function' ? await headers() : (headers ?? {})
  } catch (error) {
    throw new Failure({ code: 'application', message: `headers() failed: ${wordsOf(error)}` })
  }
}

/** Follows redirects where the platform shows them (a browser does not). What is secret stays with its origin. */
async function follow(
  fetch: typeof globalThis.fetch,
  from: URL,
  init: RequestInit,
  own: string[],
): Promise<Response> {
  let address = from
  for (let count = 0; count <= redirectsAtMost; count++) {
    const response = await fetch(address, init)
    const location = response.headers.get('location')
    if (
      init.redirect !== 'manual' ||
      ![301, 302, 303, 307, 308].includes(response.status) ||
      location === null
    ) {
      return response
    }
    void response.body?.cancel()
    address = new URL(location, address)
    if (address.origin !== from.origin) {
      for (const name of [...own, 'Authorization']) (init.headers as Headers).delete(name)
    }
    if (response.status < 307 && init.method !== 'GET') {
      init.method = 'GET'
      delete init.body
    }
  }
  throw new Failure(
    { code: 'redirect', message: `More than ${redirectsAtMost} redirects.` },
    { isFinal: true },
  )
}

/** Headers are bytes, each written as one character: an id goes as its UTF-8, as the standard has it. */
function asHeader(id: string): string {
  return String.fromCharCode(...new TextEncoder().encode(id))
}
