/** A request that a Tidings server refused, or that never reached one. Its message names the remedy. */
export class TidingsRequestError extends Error {
  override readonly name = 'TidingsRequestError'
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number
  /**
   * The server's own code (PROTOCOL §9), e.g. `forbidden`. Or `network`: it could not be reached; `timeout`: it did not
   * answer in time; `token`: there was none to show; `redirect`: it sends elsewhere, and credentials stay here;
   * `status`: an error without a code; `media-type`: an answer that is no JSON; of a publisher also `overflow` and `closed`.
   */
  readonly code: string
  /** The field, parameter or header at fault, if there is one. */
  readonly field: string | undefined
  /** How long the server asks to wait, in milliseconds, if it says so. */
  readonly retryAfterMs: number | undefined

  constructor(code: string, message: string, options: RequestErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.status = options.status ?? 0
    this.field = options.field
    this.retryAfterMs = options.retryAfterMs
  }
}

/** What else is known about a request that failed. */
export interface RequestErrorOptions extends ErrorOptions {
  readonly status?: number | undefined
  readonly field?: string | undefined
  readonly retryAfterMs?: number | undefined
}
