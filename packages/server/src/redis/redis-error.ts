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

/**
 * Why Redis will not let this process in, however often it tries, and what to do.
 * @param shown the address of Redis, as people may see it.
 * @returns `undefined` if trying again may help.
 */
export function whyRefused(reason: Error, shown: string): string | undefined {
  if (!isRefusedLogin(reason)) return undefined
  return `${shown} lets nobody in: ${reason.message.replace(/\.$/, '')}. ${remedyOf(reason)}`
}

function remedyOf({ message }: Error): string {
  if (message.startsWith('NOPERM')) {
    return 'Let its user do what Tidings does: docs/cluster.md, "In production", has the line of ACL SETUSER.'
  }
  if (message.startsWith('ERR DB index')) {
    return 'Name a database that it has, or tell logs apart with ?name=LOG.'
  }
  return 'Check user and password.'
}
