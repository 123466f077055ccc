import type { TidingsEvent } from '../event.ts'
import { readRetryAfter } from '../retry-after.ts'
import type { Sent } from './answers.ts'
import { TidingsRequestError } from './request-error.ts'

/** A problem document (PROTOCOL §9), as far as anything is sure about what claims to be one. */
interface Problem {
  readonly code?: unknown
  readonly title?: unknown
  readonly detail?: unknown
  readonly field?: unknown
}

/**
 * Reads an answer to its end.
 * @throws TidingsRequestError if it is an error, a redirect, or no JSON; what reading throws if it is cut.
 */
export async function readAnswer(response: Response): Promise<unknown> {
  const { status, type } = response
  // A redirect may lead to another origin, and a login page is no answer: pages see only that there was one.
  if (type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    throw new TidingsRequestError(
      'redirect',
      'The server redirects, and credentials do not go along: name the final address.',
      { status },
    )
  }
  const text = await response.text()
  const answer = parseJson(text)
  if (!response.ok) throw asError(response, text, answer)
  if (typeof answer === 'object' && answer !== null) return answer
  throw new TidingsRequestError(
    'media-type',
    `The answer is no JSON: is ${response.url} a Tidings server's?`,
    { status },
  )
}

function asError(response: Response, text: string, answer: unknown): TidingsRequestError {
  const { status } = response
  const { code, title, detail, field } = (answer ?? {}) as Problem
  const said = [detail, title, text.slice(0, 200)].find((part) => typeof part === 'string' && part !== '')
  return new TidingsRequestError(
    typeof code === 'string' ? code : 'status',
    String(said ?? `The server answered ${status} ${response.statusText}`.trim()),
    {
      status,
      field: typeof field === 'string' ? field : undefined,
      retryAfterMs: readRetryAfter(response.headers),
    },
  )
}

/** What a text is as JSON; `undefined` if it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** An event as the pages show it (PROTOCOL §7). */
export interface PageEvent {
  readonly id: string
  readonly topic: string
  readonly type: string
  readonly time: string
  readonly data?: unknown
  readonly text?: string
}

/** An event of a page in the form in which the stream delivers it. */
export function readEvent({ id, topic, type, time, data, text }: PageEvent): TidingsEvent {
  const timeMs = Date.parse(time)
  if (text === undefined) {
    return { id, type, data, text: JSON.stringify(data ?? null), topic, timeMs, isReplayed: false }
  }
  // The stream does not tell text from data, so neither do we: what is JSON is data.
  const json = parseJson(text)
  return { id, type, data: json === undefined ? text : json, text, topic, timeMs, isReplayed: false }
}

/** The acknowledgement of one event. */
export function readSent(answer: Omit<Sent, 'isDuplicate'> & { readonly duplicate: boolean }): Sent {
  const { id, durability, streams, duplicate } = answer
  return { id, durability, streams, isDuplicate: duplicate }
}
