/** A Redis that keeps logs, and which of its logs is meant. */
export interface RedisAddress {
  /** For the client: `redis://` or `rediss://`, with user, password and number of the database, if any. */
  readonly url: string
  /** Every key of this log begins with it: `tidings:{NAME}:`. The braces keep them together on a Redis Cluster. */
  readonly prefix: string
  /** The same without what is secret, for people. */
  readonly shown: string
}

const nameForm = /^[0-9a-z_-]{1,64}$/

/**
 * Reads `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?name=LOG]`, user and password percent-encoded; `rediss` for
 * TLS.
 * @returns `undefined` if it is no such address.
 */
export function readRedisAddress(store: string): RedisAddress | undefined {
  if (!/^rediss?:\/\//.test(store) || !URL.canParse(store)) return undefined
  const url = new URL(store)
  const name = url.searchParams.get('name') ?? 'main'
  const isKnown = [...url.searchParams.keys()].every((key) => key === 'name') && url.hash === ''
  if (!isKnown || !nameForm.test(name) || url.hostname === '' || !/^(?:\/\d{0,3})?$/.test(url.pathname)) {
    return undefined
  }
  // The client would decode them, and throw.
  if (!isEncoded(url.username) || !isEncoded(url.password)) return undefined
  url.search = ''
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  return { url: url.href, prefix: `tidings:{${name}}:`, shown: shown.href }
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
