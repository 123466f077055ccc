import { type IncomingHttpHeaders, request } from 'node:http'

/** What to ask. */
export interface FreshRequest {
  readonly port: number
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
}

/** An answer, read to its end. */
export interface FreshAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it without checking its shape first
  readonly json: any
}

/** Asks on a connection of its own: of several processes on one port, any may answer. */
export function freshRequest({
  port,
  method = 'GET',
  path,
  headers = {},
  body,
}: FreshRequest): Promise<FreshAnswer> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, method, path, headers: { ...type, ...headers }, agent: false },
      async (response) => {
        const text = (await response.setEncoding('utf8').toArray()).join('')
        const isJson = response.headers['content-type']?.includes('json') === true
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          json: isJson ? JSON.parse(text) : text,
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
