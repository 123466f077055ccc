import { connect, type Socket } from 'node:net'
import { type ResponseHead, ResponseReader } from './response-reader.ts'
import { within } from './until.ts'

/** An answer as it came over the wire. */
export interface RawAnswer extends ResponseHead {
  readonly body: string
  /** Whether the body ended as its framing says; a stream that was left open has not. */
  readonly isComplete: boolean
}

/** A request whose every byte the test decides. */
export interface RawRequest {
  readonly port: number
  readonly method?: string
  /** Path and query, not encoded any further. */
  readonly path: string
  /** Written as they are, one line each, in latin1. */
  readonly headers?: readonly string[]
  readonly body?: string | Uint8Array
  /** The name of the server; its address, if absent. */
  readonly host?: string
  /** Leave as soon as the body contains this: for streams. */
  readonly until?: string
}

/** Sends one request byte by byte as it is given, which well-behaved clients would refuse to do. */
export async function sendRaw(request: RawRequest): Promise<RawAnswer> {
  const { port, method = 'GET', path, headers = [], body, host = `127.0.0.1:${port}` } = request
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...headers]
  if (body !== undefined && !headers.some((line) => /^(content-length|transfer-encoding):/i.test(line))) {
    lines.push(`Content-Length: ${Buffer.byteLength(body)}`)
  }
  const socket = connect(port, '127.0.0.1')
  socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  if (body !== undefined) socket.write(body)
  try {
    return await within(
      `an answer to ${method} ${path.slice(0, 80)}`,
      60_000,
      readAnswer(socket, request.until),
    )
  } finally {
    socket.destroy()
  }
}

function readAnswer(socket: Socket, end: string | undefined): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let head: ResponseHead | undefined
    let body = ''
    const settle = (isComplete: boolean) => {
      if (head !== undefined) resolve({ ...head, body, isComplete })
      else reject(new Error('The connection ended without an answer.'))
    }
    const reader = new ResponseReader({
      onHead: (value) => {
        head = value
      },
      onBody: (bytes) => {
        body += Buffer.from(bytes).toString('utf8')
        if (end !== undefined && body.includes(end)) settle(false)
      },
      onEnd: () => settle(true),
    })
    socket.on('data', (bytes) => reader.push(bytes))
    // The server may hang up on a request that it will not read to its end; its answer counts all the same.
    socket.on('error', () => settle(false))
    socket.on('close', () => settle(false))
  })
}

/** Publishes one event or several, given as JSON text, exactly as it stands. */
export function publishRaw(port: number, json: string): Promise<RawAnswer> {
  const headers = ['Content-Type: application/json', 'Connection: close']
  return sendRaw({ port, method: 'POST', path: '/api/events', headers, body: json })
}

/** The code of a problem document. */
export function codeOf({ body }: RawAnswer): string | undefined {
  return (JSON.parse(body) as { code?: string }).code
}
