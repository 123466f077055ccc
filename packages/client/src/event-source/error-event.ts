/**
 * What an `EventSource` says when a connection has failed or broken. The standard's event says nothing; this one names
 * the reason, under the names that the npm package `eventsource` uses. Both are optional, so that a handler of ours fits
 * where one of the standard's is wanted.
 */
export class ErrorEvent extends Event {
  /** The HTTP status, if there was one. */
  readonly code?: number | undefined
  /** In words, for developers; `undefined` if the server ended the stream without a word. */
  readonly message?: string | undefined

  constructor(
    type: string,
    { code, message }: { code?: number | undefined; message?: string | undefined } = {},
  ) {
    super(type)
    this.code = code
    this.message = message
  }
}
