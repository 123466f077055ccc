import { printable } from './terminal.ts'

/** What a server said in refusal. */
export interface Refusal {
  readonly status: number
  /** A stable problem code, if the answer is a problem document. */
  readonly code: string | undefined
  /** One printable line. */
  readonly detail: string
}

/** Statuses that may be gone at the next attempt. */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429
}

/** What a person at a terminal can do about it. */
const remedy: Readonly<Record<number, string>> = {
  401: ' (set TIDINGS_KEY, or give --key-file)',
  403: ' (TIDINGS_KEY or --key-file needs more rights: see tidings keys create --help)',
}

/** Reads a refusal from an answer that is no success: a problem document (RFC 9457), or anything else. */
export function readRefusal(response: Response, body: string): Refusal {
  const { status } = response
  const location = response.headers.get('location')
  if (location !== null && status >= 300 && status < 400) {
    return {
      status,
      code: undefined,
      detail: `the server is elsewhere: ${printable(location)}; use that with --url`,
    }
  }
  const problem = parseObject(body)
  const detail = [problem.detail, problem.title].find((text) => typeof text === 'string')
  return {
    status,
    code: typeof problem.code === 'string' ? problem.code : undefined,
    detail: `${detail === undefined ? `the server answered ${status}` : printable(String(detail))}${remedy[status] ?? ''}`,
  }
}

/** Why a request got no answer, in a few words. */
export function describeFailure(error: unknown): string {
  const { cause, name, message } = error as Error
  if (name === 'AbortError' || name === 'TimeoutError') return 'no answer in time'
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  // What fetch says of an answer that is cut off in its midst is that it breaks the protocol, or names a part of undici.
  if (message === 'terminated' || code === 'UND_ERR_SOCKET') return 'the connection broke'
  return code ?? (cause instanceof Error ? cause.message : message)
}

/** A JSON object, or an empty one for anything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
