import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import type { ServerAddress } from '../server-address.ts'

/** An answer, as far as it was waited for. */
export interface Probe {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** When the head was there, in milliseconds after the question; and when the first byte of the body was. */
  readonly headMs: number
  readonly bodyMs: number | undefined
  /** When the other side ended it, in milliseconds after the question; absent if it was still open. */
  readonly endedMs: number | undefined
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

/** How TLS is spoken at an address. */
export interface Encryption {
  readonly offersHttp2: boolean
  /** When the certificate ends, in milliseconds since the epoch. */
  readonly endsAt: number
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
      servername: nameOf(url),
    }
    const request = send(url, options)
    const finish = (endedMs?: number) => {
      clearTimeout(timer)
      request.destroy()
      if (head === undefined) reject(new Error(`no answer within ${withinMs / 1_000} s`))
      else resolve({ ...head, body, bodyMs, endedMs })
    }
    const end = () => finish(performance.now() - began)
    const timer = setTimeout(finish, withinMs)
    request.on('error', (error) => {
      clearTimeout(timer)
      if (head === undefined) reject(error)
      else end()
    })
    request.on('response', (response) => {
      head = { status: response.statusCode!, headers: response.headers, headMs: performance.now() - began }
      response.setEncoding('utf8').on('data', (text: string) => {
        bodyMs ??= performance.now() - began
        body += text
        if (body.length > mostBody || (until !== undefined && body.includes(until))) finish()
      })
      response.on('end', end).on('error', end)
    })
    request.end()
  })
}

/** Shakes hands as a browser does; `undefined` if the address has no TLS, or none that works within the time. */
export function probeEncryption({ base }: ServerAddress, withinMs: number): Promise<Encryption | undefined> {
  if (base.protocol !== 'https:') return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const socket = connect({
      host: bare(base),
      port: Number(base.port || 443),
      servername: nameOf(base),
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    const finish = (encryption?: Encryption) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(encryption)
    }
    const timer = setTimeout(finish, withinMs)
    socket.on('error', () => finish())
    socket.on('secureConnect', () =>
      finish({
        offersHttp2: socket.alpnProtocol === 'h2',
        endsAt: Date.parse(socket.getPeerCertificate().valid_to),
      }),
    )
  })
}

/** What TLS is asked for: a name, never an address, which has no place in the handshake. */
function nameOf(url: URL): string {
  return isIP(bare(url)) === 0 ? url.hostname : ''
}

function bare({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}
