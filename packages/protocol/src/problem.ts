/**
 * The closed set of what can go wrong (PROTOCOL §9). The code is stable; the title may be reworded.
 * Every entry is documented in PROTOCOL.md, and a test says so.
 */
export const problems = freezeDeep({
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_field: { status: 400, title: 'A field breaks its rule' },
  invalid_topic: { status: 400, title: 'A topic breaks the grammar' },
  invalid_query: { status: 400, title: 'A query parameter breaks its rule' },
  invalid_idempotency_key: { status: 400, title: 'The Idempotency-Key breaks its rule' },
  reserved_type: { status: 400, title: 'This event type belongs to the server' },
  reserved_topic: { status: 400, title: 'Topics beginning with "$" belong to the server' },
  too_many_topics: { status: 400, title: 'The subscription names too many topics' },
  bad_request: { status: 400, title: 'The request is not well-formed HTTP' },
  unauthorized: { status: 401, title: 'Say who you are' },
  forbidden: { status: 403, title: 'You may not do this' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'This resource does not answer this method' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  body_too_large: { status: 413, title: 'The body is too large' },
  event_too_large: { status: 413, title: 'An event is too large' },
  too_many_events: { status: 413, title: 'The batch holds too many events' },
  uri_too_long: { status: 414, title: 'The URL is too long' },
  unsupported_media_type: { status: 415, title: 'This content type is not understood here' },
  unsupported_encoding: { status: 415, title: 'Compressed bodies are not accepted' },
  idempotency_mismatch: { status: 422, title: 'This Idempotency-Key was used with another body' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'The server made a mistake' },
  draining: { status: 503, title: 'The server is shutting down' },
  overloaded: { status: 503, title: 'The server has no room for this now' },
  storage_failed: { status: 503, title: 'The store failed; whether this was stored is not known' },
  storage_unavailable: { status: 503, title: 'The store cannot be reached; nothing was stored' },
  storage_unanswered: {
    status: 503,
    title: 'The store did not answer; whether this was stored is not known',
  },
  storage_full: { status: 507, title: 'The store is full or read-only' },
} as const)

function freezeDeep<Table extends { readonly [code: string]: object }>(table: Table): Readonly<Table> {
  for (const entry of Object.values(table)) Object.freeze(entry)
  return Object.freeze(table)
}

/** A stable error code: a key of {@link problems}. */
export type ProblemCode = keyof typeof problems

/** An error of the closed set. Its message names the remedy and is fit to be shown to the caller. */
export class TidingsError extends Error {
  override readonly name = 'TidingsError'
  readonly code: ProblemCode
  /** The field or parameter that is at fault, if there is one. */
  readonly field: string | undefined

  constructor(code: ProblemCode, message: string, options: ErrorOptions & { field?: string } = {}) {
    super(message, options)
    this.code = code
    this.field = options.field
  }

  /** The HTTP status of this error's code. */
  get status(): number {
    return problems[this.code].status
  }
}
