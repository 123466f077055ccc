import { get as getPlain, type OutgoingHttpHeaders } from 'node:http'
import { get as getSecure } from 'node:https'

/** Reads a URL, over TLS whoever made the certificate. */
export function getText(
  url: string,
  headers: OutgoingHttpHeaders = {},
): Promise<{ status: number; text: string }> {
  const get = url.startsWith('https:') ? getSecure : getPlain
  return new Promise((resolve, reject) => {
    const outgoing = get(
      url,
      { rejectUnauthorized: false, headers: { ...headers, connection: 'close' } },
      (response) => {
        const parts = response.setEncoding('utf8').toArray()
        parts.then((all) => resolve({ status: response.statusCode!, text: all.join('') }), reject)
      },
    )
    outgoing.on('error', reject)
  })
}
