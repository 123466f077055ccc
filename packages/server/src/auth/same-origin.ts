import type { IncomingHttpHeaders } from 'node:http'
import { TidingsError } from '@tidings/protocol'

/**
 * Whether a request that brings a cookie was made by a page that may use it: one of this origin, or of one that is
 * let in. A browser sends cookies along whoever asks; it says who asked in `Sec-Fetch-Site` and `Origin`, and
 * whatever says neither is no browser that has a cookie of ours.
 */
export function isSameOrigin(headers: IncomingHttpHeaders, corsOrigins: readonly string[]): boolean {
  const { 'sec-fetch-site': site, origin } = headers
  if (site === 'same-origin') return true
  if (origin === undefined) return false
  if (corsOrigins.includes(origin)) return true
  // Behind a proxy the scheme is not known here; the name is what rebinding and other sites cannot forge.
  const host = headers.host ?? headers[':authority']
  return site === undefined && host !== undefined && URL.parse(origin)?.host === host
}

/** Methods that change nothing. */
const reading: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses a write by cookie whose body a form could have sent: to send JSON, a page of another origin needs a
 * preflight, which it would not pass.
 * @throws TidingsError `unsupported_media_type`.
 */
export function checkJsonWrite(headers: IncomingHttpHeaders, method = 'GET'): void {
  if (reading.has(method)) return
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': encoding } = headers
  const hasBody = encoding !== undefined || Number(length ?? 0) > 0
  if (!hasBody && type === undefined) return
  if (/^application\/(json|x-ndjson|ndjson)\s*(;|$)/i.test(type ?? '')) return
  throw new TidingsError(
    'unsupported_media_type',
    'With a cookie, send JSON, and Content-Type: application/json.',
  )
}
