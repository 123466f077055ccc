import type { TroubleCode } from '../status.ts'
import { Failure } from './failure.ts'

/** Statuses that pass: to come back later helps. */
const passing = new Set([408, 425, 429])

/**
 * Judges the answer to a request for a stream: 200 with the media type of event streams, and nothing else.
 * @throws Failure with what to do about it.
 */
export async function checkAnswer(response: Response): Promise<void> {
  const { status, headers, type } = response
  const refuse = (code: TroubleCode, message: string): never => {
    throw new Failure({ code, message, status }, { isFinal: true })
  }
  if (type === 'opaqueredirect') {
    refuse(
      'redirect',
      'The server redirects, and a page cannot see where to. Name the final address, or send no headers of your own.',
    )
  }
  if (status === 204)
    refuse('no-content', 'The server answered 204: there is nothing, and nothing to come back for.')
  if (status !== 200) throw await failureOf(response)
  const mediaType = headers.get('content-type') ?? 'none'
  if (!/^text\/event-stream *(;|$)/i.test(mediaType)) {
    void response.body?.cancel()
    refuse(
      'media-type',
      `The answer is no event stream: its Content-Type is ${mediaType}, not text/event-stream.`,
    )
  }
}

/** What an answer other than 2xx means. */
export async function failureOf(response: Response): Promise<Failure> {
  const { status, headers } = response
  const { code: problem, detail = 'That is not what a stream answers with.' } = await readProblem(response)
  const isFinal = status < 500 && !passing.has(status)
  const adviceMs = readRetryAfter(headers.get('retry-after'))
  const trouble = {
    code: 'status',
    message: `The server answered ${status}. ${detail}`,
    status,
    problem,
  } as const
  return new Failure(trouble, { isFinal, ...(adviceMs !== undefined && { adviceMs }) })
}

/** The problem document (PROTOCOL §9), if the answer is one. */
async function readProblem(response: Response): Promise<{ code?: string; detail?: string }> {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) {
    void response.body?.cancel()
    return {}
  }
  return response.json().catch(() => ({}))
}

/** Retry-After, in milliseconds: seconds, or a date. */
export function readRetryAfter(value: string | null, nowMs: number = Date.now()): number | undefined {
  if (value === null) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs
  return ms >= 0 ? Math.min(ms, 2 ** 31 - 1) : undefined
}
