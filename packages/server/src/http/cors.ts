import type { HeaderFields } from './security-headers.ts'

const none: HeaderFields = Object.freeze({})

/** What pages of other origins may do. */
export interface CorsHeaders {
  /** Headers for an answer to a page of this origin. */
  of(origin: string | undefined): HeaderFields
  /** Headers for the answer to a preflight from this origin. */
  preflight(origin: string | undefined): HeaderFields
  /** Whether pages of this origin were let in. */
  allows(origin: string | undefined): boolean
}

/** What a page of another origin may read of an answer's head. */
const exposed = 'Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset'

const preflight: HeaderFields = Object.freeze({
  'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE',
  'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID',
  'access-control-max-age': '7200',
})

/**
 * Lets in pages of exactly these origins, with credentials. `*` lets in all, without credentials.
 * The only header that is ever echoed is an origin that is on this list.
 */
export function createCors(origins: readonly string[]): CorsHeaders {
  if (origins.length === 0) return { of: () => none, preflight: () => none, allows: () => false }
  if (origins.includes('*')) return openCors()
  const allowed = new Map(origins.map((origin) => [origin, admission(origin)]))
  const refused = Object.freeze({ vary: 'Origin' })
  const of = (origin: string | undefined) => allowed.get(origin ?? '') ?? refused
  return {
    of,
    preflight: (origin) => (allowed.has(origin ?? '') ? { ...of(origin), ...preflight } : refused),
    allows: (origin) => allowed.has(origin ?? ''),
  }
}

function admission(origin: string): HeaderFields {
  return Object.freeze({
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': exposed,
    vary: 'Origin',
  })
}

function openCors(): CorsHeaders {
  const fields: HeaderFields = Object.freeze({
    'access-control-allow-origin': '*',
    'access-control-expose-headers': exposed,
  })
  return { of: () => fields, preflight: () => ({ ...fields, ...preflight }), allows: () => true }
}
