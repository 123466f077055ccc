import { TidingsError } from '@tidings/protocol'

/** Names under which people put tokens and keys into URLs. */
const names: ReadonlySet<string> = new Set([
  'token',
  'access_token',
  'accesstoken',
  'auth',
  'authorization',
  'bearer',
  'jwt',
  'id_token',
  'key',
  'api_key',
  'apikey',
  'api-key',
])

/**
 * Refuses a parameter that looks like a token or a key: a URL is written down in logs, histories and referrers.
 * @throws TidingsError `invalid_query`, with what to do instead and without the value.
 */
export function refuseQueryCredential(name: string): void {
  if (!names.has(name.toLowerCase())) return
  throw new TidingsError(
    'invalid_query',
    'Tokens and keys do not belong into a URL, which ends up in logs. Send the header Authorization; in a browser,' +
      ' POST /api/session for a cookie, or POST /api/tickets for a ticket that may be in the URL once.',
    { field: name },
  )
}
