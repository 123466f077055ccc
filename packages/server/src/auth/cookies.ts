/** Headers of an answer that set a cookie. */
export interface CookieOptions {
  readonly path: string
  /** In seconds; 0 takes the cookie back. */
  readonly maxAgeS: number
}

/** The cookie of a browser's session. `__Host-`: only this host over TLS can have set it. */
export const sessionCookie = '__Host-tidings'

/** The cookie by which a browser comes back to a stream that was opened with a ticket of this tag. */
export function streamCookie(tag: string): string {
  return `__Secure-tidings-${tag}`
}

/**
 * The value of a cookie that a request brought; `undefined` if it is not there.
 * The first counts, if there are several: a browser puts the one of the longest path first.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined || !header.includes(name)) return undefined
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return undefined
}

/** A `Set-Cookie` that no script can read and no other site can make a browser send. */
export function writeCookie(name: string, value: string, { path, maxAgeS }: CookieOptions): string {
  const seconds = Math.max(0, Math.floor(maxAgeS))
  return `${name}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Strict`
}
