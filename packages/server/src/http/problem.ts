import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type ProblemCode, problems, TidingsError } from '@tidings/protocol'
import { withoutSecrets } from '../observe/redaction.ts'
import { apiHeaders } from './security-headers.ts'

/** The content type of every error. */
export const problemMediaType = 'application/problem+json; charset=utf-8'

/** A problem document (RFC 9457, PROTOCOL §9). */
export interface Problem {
  readonly type: string
  readonly code: ProblemCode
  readonly title: string
  readonly status: number
  /** What is wrong here, and what to do about it. */
  readonly detail: string
  /** The field or parameter at fault. */
  readonly field?: string
  /** Names this one occurrence in the server's log. */
  readonly instance?: string
}

/**
 * The document for an error of ours.
 * @param instance how the log names this occurrence, for errors that are the server's fault.
 */
export function problemOf(error: TidingsError, instance?: string): Problem {
  const { title, status } = problems[error.code]
  return {
    type: `urn:tidings:problem:${error.code}`,
    code: error.code,
    title,
    status,
    // Whoever puts a token where a topic belongs has it shown to whoever looks over their shoulder.
    detail: withoutSecrets(error.message),
    ...(error.field === undefined ? {} : { field: withoutSecrets(error.field) }),
    ...(instance === undefined ? {} : { instance }),
  }
}

/** What Fastify's own refusals are called here, by their code. */
const frameworkProblems: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'body_too_large',
    'The body is larger than the server takes; send less at a time.',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_request', 'The body is not as long as its Content-Length says.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'The Content-Type is malformed; send application/json.',
  ],
  FST_ERR_BAD_URL: ['bad_request', 'The path is not valid percent-encoded UTF-8.'],
  FST_ERR_MAX_PARAM_LENGTH: ['uri_too_long', 'A part of the path is too long.'],
}

/** Turns anything thrown into an error of the closed set. What nobody foresaw tells the caller nothing. */
export function asTidingsError(error: unknown): TidingsError {
  if (error instanceof TidingsError) return error
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown }
  const known = frameworkProblems[String(code)]
  if (known !== undefined) return new TidingsError(known[0], known[1], { cause: error })
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new TidingsError('bad_request', 'The request could not be read; check that it is complete.', {
      cause: error,
    })
  }
  return new TidingsError('internal', 'The server made a mistake. Its log has more under the instance.', {
    cause: error,
  })
}

/** Errors of the HTTP parser, by their code. */
const parserProblems: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'The URL and the headers together are larger than 16 KiB.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['body_too_large', 'The chunk extensions are too large; send none.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request did not arrive in time; send it at once.'],
}

/** Answers what is not HTTP at all, straight on the socket, and hangs up. */
export function refuseClient(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy()
    return
  }
  const [code, detail] = parserProblems[error.code ?? ''] ?? [
    'bad_request',
    'This is not well-formed HTTP/1.1.',
  ]
  answerRaw(socket, new TidingsError(code, detail))
}

/** Answers HTTP on a port that speaks HTTPS, and hangs up. */
export function refuseUnencrypted(socket: Socket): void {
  answerRaw(socket, new TidingsError('bad_request', 'This port speaks HTTPS: use https:// in the URL.'))
}

function answerRaw(socket: Socket, error: TidingsError): void {
  const problem = problemOf(error)
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${body.length}`,
    ...Object.entries(apiHeaders).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Whether a response is under way, e.g. a stream: a second one in its midst would corrupt it. Node asks the same. */
function isAnswering(socket: Socket & { _httpMessage?: { headersSent: boolean } | null }): boolean {
  return socket._httpMessage?.headersSent === true
}
