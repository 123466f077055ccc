import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { ServerAddress } from '../server-address.ts'

/** An answer, as far as it was waited for. */
export interface Probe {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** When the head was there, in milliseconds after the question; and when the first byte of the body was. */
  readonly headMs: number
  readonly bodyMs: number | undefined
}

/** What to ask, and how long. */
export interface ProbeOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Whether to show the credential. */
  readonly isShown?: boolean
  /** Stop reading as soon as the body holds this. */
  readonly until?: string
  readonly withinMs: number
}

/** The most of an answer that is read, in characters. */
const mostBody = 64 * 1024

/**
 * Asks a server for one path, and never longer than it is told to.
 * @throws Error if nothing answers at all.
 */
export function probe(
  { base, headers: shown }: ServerAddress,
  path: string,
  options: ProbeOptions,
): Promise<Probe> {
  const { headers = {}, isShown = false, until, withinMs } = options
  const url = new URL(path, base)
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const began = performance.now()
  return new Promise((resolve, reject) => {
    let head: Pick<Probe, 'status' | 'headers' | 'headMs'> | undefined
    let body = ''
    let bodyMs: number | undefined
    // The name of the certificate is that of the address, whatever name is asked for in Host.
    const options = {
      headers: { ...(isShown ? shown : {}), ...headers },
      agent: false,
      servername: url.hostname,
    }
    const request = send(url, options)
    const finish = () => {
      clearTimeout(timer)
      request.destroy()
      if (head === undefined) reject(new Error(`no answer within ${withinMs / 1_000} s`))
      else resolve({ ...head, body, bodyMs })
    }
    const timer = setTimeout(finish, withinMs)
    request.on('error', (error) => {
      clearTimeout(timer)
      if (head === undefined) reject(error)
      else finish()
    })
    request.on('response', (response) => {
      head = { status: response.statusCode!, headers: response.headers, headMs: performance.now() - began }
      response.setEncoding('utf8').on('data', (text: string) => {
        bodyMs ??= performance.now() - began
        body += text
        if (body.length > mostBody || (until !== undefined && body.includes(until))) finish()
      })
      response.on('end', finish).on('error', finish)
    })
    request.end()
  })
}
