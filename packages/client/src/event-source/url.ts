import { byteString } from './byte-string.ts'

/** What relative addresses are relative to: the page, with its `<base>`, or the worker; `undefined` outside browsers. */
export function baseUrl(): string | undefined {
  return globalThis.document?.baseURI ?? globalThis.location?.href
}

/**
 * The address of a stream.
 * @throws DOMException `SyntaxError` as the standard has it, if it is none.
 */
export function streamUrl(url: string | URL): URL {
  try {
    return new URL(url, baseUrl())
  } catch {
    throw new DOMException(`Cannot open an EventSource to '${url}': it is no URL.`, 'SyntaxError')
  }
}

/** Takes user and password out of an address, which `fetch` refuses, and gives them as a header, as browsers send them. */
export function withoutPassword(url: URL): { href: string; authorization: string | undefined } {
  if (url.username === '' && url.password === '') return { href: url.href, authorization: undefined }
  const open = new URL(url)
  open.username = ''
  open.password = ''
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return { href: open.href, authorization: `Basic ${btoa(byteString(pair))}` }
}
