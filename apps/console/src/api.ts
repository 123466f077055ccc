import { field, textField } from './payload.ts'

/** How long one request may take, in milliseconds. */
const timeoutMs = 10_000
/** How often a publish is tried when the server cannot be reached: about half a minute in all. */
const attempts = 8
const firstPauseMs = 500
const longestPauseMs = 5_000

/** Reads any JSON of this server. @throws Error with the words of the server's problem document. */
export async function readJson(path: string): Promise<unknown> {
  const response = await fetch(path, { signal: AbortSignal.timeout(timeoutMs), cache: 'no-store' })
  return await judge(response)
}

/** What a publish led to. */
export interface Receipt {
  /** The id of the event. */
  readonly id: string | undefined
  readonly durability: string | undefined
  /** From the first attempt to the answer, in milliseconds. */
  readonly tookMs: number
}

/**
 * Publishes, and tries again while the server cannot be reached. The key makes that safe: however many of the
 * attempts got through, one event is stored.
 * @param onRetry is told when an attempt failed and another will follow.
 * @throws Error with words for the reader.
 */
export async function post(path: string, body: unknown, onRetry: () => void): Promise<Receipt> {
  const began = performance.now()
  const key = randomKey()
  for (let attempt = 1; ; attempt++) {
    const response = await tryPost(path, body, key)
    if (response !== undefined && response.status !== 503) {
      const answer = await judge(response)
      return {
        // Publishing one event of a kind answers its `id`; publishing raw events, their `ids`.
        id: textField(answer, 'id') ?? textField(field(answer, 'ids'), '0'),
        durability: textField(answer, 'durability'),
        tookMs: performance.now() - began,
      }
    }
    if (attempt === attempts) throw new Error('The server cannot be reached. Is it running?')
    onRetry()
    await pause(Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1)))
  }
}

async function tryPost(path: string, body: unknown, key: string): Promise<Response | undefined> {
  try {
    return await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    })
  } catch {
    return undefined
  }
}

async function judge(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return body
  const words = textField(body, 'detail') ?? textField(body, 'title')
  throw new Error(words ?? `The server answered ${response.status}.`)
}

/** `crypto.randomUUID` exists on https and localhost only; this, everywhere. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-')
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
