import { readRetryAfter } from '../retry-after.ts'
import { Failure } from './failure.ts'

/**
 * Judges the answer to a request for a stream: 200 with the media type of event streams, and nothing else.
 * @throws Failure with what to do about it.
 */
export async function checkAnswer(response: Response): Promise<void> {
  const { status, headers } = response
  if (status !== 200) throw await failureOf(response)
  const mediaType = headers.get('content-type')
  if (/(^|,)\s*text\/event-stream\s*(;|$)/i.test(mediaType ?? '')) return
  discard(response)
  throw new Failure('media-type', `Content-Type is ${mediaType}, not text/event-stream.`, {
    status,
    isFinal: true,
  })
}

/** What an answer means that is no stream. */
export async function failureOf(response: Response): Promise<Failure> {
  const { status, headers, type } = response
  // A page is not told where to; and headers of its own must not follow to wherever that is.
  if (type === 'opaqueredirect' || (status > 300 && status < 400)) {
    return new Failure('redirect', 'Redirected. Name the final address, or send no headers.', {
      isFinal: true,
    })
  }
  if (status === 204)
    return new Failure('no-content', 'The server answered 204: do not come back.', { isFinal: true })
  // Of the client's mistakes, too slow, too early and too often pass.
  const isFinal = status < 500 && ![408, 425, 429].includes(status)
  const { code: problem, detail = '' } = (await readProblem(response)) ?? {}
  const adviceMs = readRetryAfter(headers)
  return new Failure('status', `The server answered ${status}. ${detail}`.trim(), {
    status,
    problem,
    isFinal,
    adviceMs,
  })
}

/** Lets go of a body that nobody reads. Nobody cares either if it has broken. */
export function discard({ body }: Response): void {
  body?.cancel().catch(() => {})
}

/** The problem document (PROTOCOL §9), if the answer is one. The server may as well say `null`, or half of one. */
async function readProblem(
  response: Response,
): Promise<{ code?: string; detail?: string } | null | undefined> {
  if (response.headers.get('content-type')?.includes('problem+json')) return response.json().catch(() => {})
  discard(response)
  return undefined
}
