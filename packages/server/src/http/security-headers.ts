/** Headers of an answer, by lower-case name. */
export type HeaderFields = Readonly<Record<string, string>>

/**
 * On every answer, also on errors that come before there is a route, and on streams: it is data, to be read by
 * whoever asked, and by nobody else. A page has a content policy of its own instead, which lets it work.
 */
export const securityHeaders: HeaderFields = Object.freeze({
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
})

/** On every answer that is neither a stream nor a page. */
export const apiHeaders: HeaderFields = Object.freeze({ 'cache-control': 'no-store', ...securityHeaders })
