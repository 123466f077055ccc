/** There is no connection: nothing was sent, so nothing was done. */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable'
}

/** It was sent, and no answer came: whether it was done is not known. */
export class RedisUnanswered extends Error {
  override readonly name = 'RedisUnanswered'
}

/** Redis said no. `code` is the first word of what it said, e.g. `OOM`, `READONLY`, `NOSCRIPT`. */
export class RedisRefusal extends Error {
  override readonly name = 'RedisRefusal'
  readonly code: string

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = /^[A-Z]+/.exec(message)?.[0] ?? 'ERR'
  }
}

/** Whether Redis does not know who is asking, or does not let them: trying again will not help. */
export function isRefusedLogin({ message }: Error): boolean {
  return /^(?:WRONGPASS|NOAUTH|NOPERM|ERR (?:AUTH|invalid password|DB index))/.test(message)
}
