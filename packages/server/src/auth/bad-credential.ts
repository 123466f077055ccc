/**
 * A token, key, ticket or cookie that does not count. The reason is for the server's own log: the caller is told
 * the same whatever it was, for everything more would help to guess.
 */
export class BadCredential extends Error {
  override readonly name = 'BadCredential'
}
