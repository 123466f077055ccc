/** What a stream's path ends with: `/events`, `/events/alice`, or one of the ready-made streams (PROTOCOL §5.1, §8). */
const streamPath = /^(.*\/)(?:events(?:\/[^/]*)?|api\/(?:activity-feed|metrics))$/

/**
 * The address that all resources of a server lie beneath, with a `/` at its end: found from the address of its stream,
 * or from its root. A server may live beneath a path of a larger site: `https://example.com/tidings/events/alice`
 * gives `https://example.com/tidings/`.
 * @param url relative to the page; `/events` if absent.
 * @param page the address of the page, if there is one.
 * @throws TypeError if the address is relative and there is no page.
 */
export function serverBase(url?: string | URL, page?: string): URL {
  const base = resolveUrl(url, page)
  const [, before] = streamPath.exec(base.pathname) ?? []
  base.pathname = before ?? base.pathname.slice(0, base.pathname.lastIndexOf('/') + 1)
  base.search = ''
  base.hash = ''
  return base
}

/**
 * An address in full.
 * @param url relative to the page; `/events` if absent.
 * @throws TypeError if it is relative and there is no page, or if it is none at all.
 */
export function resolveUrl(url: string | URL = '/events', page: string | undefined = pageAddress()): URL {
  try {
    return new URL(url, page)
  } catch {
    throw new TypeError(`"${url}" is no full address like https://example.com, and there is no page.`)
  }
}

/** What `fetch` takes relative addresses for: the page's base, or the worker's own address. */
function pageAddress(): string | undefined {
  return globalThis.document?.baseURI ?? globalThis.location?.href
}
