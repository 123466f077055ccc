import { discard } from './feed-body.ts'
import { baseUrl } from './url.ts'

/** How a request is sent: the global `fetch` is one. Headers are a plain object, so that it may add some of its own. */
export type Send = (url: string, init: RequestInit & { headers: Record<string, string> }) => Promise<Response>

/** A request, and what of it must not leave the origin that it was written for. */
export interface Letter {
  /** Relative to the page, if there is one. */
  readonly url: string
  readonly init: RequestInit
  /** For every origin that the request may be redirected to. */
  readonly headers: Headers
  /** The application's own headers: they may hold credentials. */
  readonly homeHeaders: Headers
}

/** A redirect that the request can't follow without carrying what must stay home. To try again would not help. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError'
}

/** As many as browsers follow (Fetch standard, 4.4). */
const maxRedirects = 20
const bodyHeaders = ['content-encoding', 'content-language', 'content-location', 'content-type']

/**
 * Fetches as `fetch` does, but for this: the application's headers and body reach the origin of `url` and no other,
 * wherever that redirects to. `fetch` itself takes only `Authorization` and cookies away.
 *
 * Servers' runtimes show redirects, and they are followed here. Browsers hide where they lead to: inside the page's own
 * origin the browser is asked once more, to follow and to stay inside; a redirect that leaves is then a network error, and
 * one from another origin is a `RedirectError`.
 * @throws RedirectError, and whatever `send` throws.
 */
export async function homeFetch(send: Send, letter: Letter): Promise<Response> {
  const { url, init, headers, homeHeaders } = letter
  const hasSecrets = !isEmpty(homeHeaders) || (init.body ?? null) !== null
  if (!hasSecrets) return send(url, { ...init, headers: merged(headers) })
  const all = merged(headers, homeHeaders)
  // Only a `send` that knows more than we do can make something of this address, and of where it redirects to.
  if (!URL.canParse(url, baseUrl())) return send(url, { ...init, headers: all, redirect: 'error' })
  return follow(send, letter, new URL(url, baseUrl()))
}

async function follow(send: Send, { init, headers, homeHeaders }: Letter, start: URL): Promise<Response> {
  let at = start
  let step: RequestInit = { ...init, redirect: 'manual' }
  let own = homeHeaders
  for (let count = 0; count <= maxRedirects; count++) {
    const request = { ...step, headers: merged(headers, own) }
    const response = await send(at.href, request)
    if (response.type === 'opaqueredirect') return followInside(send, at, request)
    const next = target(response, at)
    if (next === undefined) return response
    discard(response)
    if (turnsIntoGet(response.status, step.method)) {
      step = { ...step, method: 'GET', body: null }
      own = without(own, bodyHeaders)
    }
    if (next.origin !== at.origin) {
      if ((step.body ?? null) !== null) {
        throw new RedirectError(
          `${at.origin} redirects to ${next.origin}: the body of the request stays home.`,
        )
      }
      own = new Headers()
    }
    at = next
  }
  throw new TypeError(`${start.href} redirects more than ${maxRedirects} times.`)
}

/** Lets the browser follow, and see to it that nothing leaves the page's own origin. */
function followInside(send: Send, at: URL, init: Parameters<Send>[1]): Promise<Response> {
  if (at.origin !== globalThis.location?.origin) {
    throw new RedirectError(
      `${at.origin} redirects, and a browser does not say where to: headers and body stay home.`,
    )
  }
  return send(at.href, { ...init, mode: 'same-origin', redirect: 'follow' })
}

/** Where an answer redirects to; `undefined` if it does not. */
function target(response: Response, at: URL): URL | undefined {
  const location = response.headers.get('location')
  if (location === null || ![301, 302, 303, 307, 308].includes(response.status)) return undefined
  const next = new URL(location, at)
  if (next.protocol !== 'http:' && next.protocol !== 'https:') {
    throw new TypeError(`${at.href} redirects to ${next.protocol}, which is not HTTP.`)
  }
  return next
}

/** Fetch standard, 4.4: a POST that is answered 301 or 302 becomes GET, and so does nearly everything that is answered 303. */
function turnsIntoGet(status: number, method = 'GET'): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD'
  return (status === 301 || status === 302) && method === 'POST'
}

function merged(...all: readonly Headers[]): Record<string, string> {
  return Object.assign({}, ...all.map((headers) => Object.fromEntries(headers)))
}

function without(headers: Headers, names: readonly string[]): Headers {
  const rest = new Headers(headers)
  for (const name of names) rest.delete(name)
  return rest
}

function isEmpty(headers: Headers): boolean {
  return headers.keys().next().done === true
}
