import type { HeaderRecord, TokenRequest, TokenSource } from '../options.ts'
import { serverBase } from '../server-base.ts'
import { isPassing, longestRetryAfterMs, pause, pauseMs } from './pause.ts'
import { readAnswer } from './read-answer.ts'
import { TidingsRequestError } from './request-error.ts'

/** How long one try may take, in milliseconds, if nothing else is said: longer than a slow disk, shorter than patience. */
const defaultTimeoutMs = 10_000

/** How often a request is sent, the first time included, if nothing else is said: about 4 s of pauses. */
const defaultTries = 5

/** How to reach a server's resources, and as whom. */
export interface ApiOptions {
  /** The address of the stream, or of the server itself; relative to the page. `/events` if absent. */
  readonly url?: string | URL | undefined
  /** A bearer token, or how to get one: asked for each request, and once more after a 401. Without it cookies may speak. */
  readonly token?: TokenSource | undefined
  /** Headers of your own. */
  readonly headers?: HeaderRecord | (() => HeaderRecord | Promise<HeaderRecord>) | undefined
  /** Whether cookies go along: `same-origin` if absent. */
  readonly credentials?: 'omit' | 'same-origin' | 'include' | undefined
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined
  /** How long one try may take, in milliseconds: 10,000 if absent. */
  readonly timeoutMs?: number | undefined
  /** How often a request is sent at most while the trouble is a passing one: 5 if absent. */
  readonly tries?: number | undefined
  /** Ends all requests when it aborts. */
  readonly signal?: AbortSignal | undefined
}

/** What is asked of a server. */
export interface Ask {
  readonly method: 'GET' | 'POST'
  /** Beneath the server's base, e.g. `api/events?topic=a`. */
  readonly path: string
  /** JSON, written already. */
  readonly body?: string | undefined
  /** Makes a write safe to repeat (PROTOCOL §6.3). */
  readonly idempotencyKey?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Sends requests to one server until their outcome is known, or until trying on makes no sense. */
export class Requester {
  readonly #base: URL
  readonly #options: ApiOptions

  /** @throws TypeError if the address, or the token, is no good. */
  constructor(options: ApiOptions) {
    this.#base = serverBase(options.url)
    this.#options = options
    if (options.token === '') throw new TypeError('The token is empty.')
  }

  /**
   * Asks, and asks again after troubles that pass, each time with the same key.
   * @throws TidingsRequestError the last trouble; or the reason of a signal that aborts; or what `token` or `headers` threw.
   */
  async ask(ask: Ask): Promise<unknown> {
    const signal = anyOf(this.#options.signal, ask.signal)
    signal?.throwIfAborted()
    const { tries = defaultTries } = this.#options
    let headers = await this.#headers(ask, 'connect', signal)
    let hasNewToken = false
    for (let failures = 0; ; ) {
      try {
        return await this.#try(ask, headers, signal)
      } catch (error) {
        signal?.throwIfAborted()
        if (!(error instanceof TidingsRequestError)) throw error
        if (error.status === 401 && !hasNewToken && typeof this.#options.token === 'function') {
          hasNewToken = true
          headers = await this.#headers(ask, 'rejected', signal)
          continue
        }
        failures += 1
        const { retryAfterMs = 0 } = error
        if (!canPass(error) || failures >= tries || retryAfterMs > longestRetryAfterMs) throw error
        await pause(pauseMs(failures, retryAfterMs), signal)
      }
    }
  }

  /** One try, from the first byte of the request to the last of the answer. */
  async #try(
    { method, path, body }: Ask,
    headers: Headers,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const { fetch = globalThis.fetch, credentials, timeoutMs = defaultTimeoutMs } = this.#options
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), timeoutMs)
    const url = new URL(path, this.#base)
    const either = anyOf(signal, timeout.signal)
    try {
      const init: RequestInit = {
        method,
        headers,
        body: body ?? null,
        redirect: 'manual',
        signal: either ?? null,
      }
      // Some servers' own fetch refuses what it has no use for.
      if (credentials) init.credentials = credentials
      const answered = async () => readAnswer(await fetch(url, init))
      return await unlessAborted(answered(), either)
    } catch (cause) {
      if (cause instanceof TidingsRequestError) throw cause
      if (timeout.signal.aborted) {
        throw new TidingsRequestError('timeout', `${url.origin} did not answer within ${timeoutMs} ms.`, {
          cause,
        })
      }
      throw new TidingsRequestError(
        'network',
        `${url.origin} could not be reached, or hung up; or its corsOrigins lack this page.`,
        { cause },
      )
    } finally {
      clearTimeout(timer)
    }
  }

  async #headers(
    { body, idempotencyKey }: Ask,
    reason: TokenRequest['reason'],
    signal: AbortSignal | undefined,
  ) {
    const { headers: given, token } = this.#options
    const own = typeof given === 'function' ? await unlessAborted(given(), signal) : given
    const headers = new Headers(own)
    if (body !== undefined) headers.set('Content-Type', 'application/json')
    if (idempotencyKey !== undefined) headers.set('Idempotency-Key', idempotencyKey)
    if (token !== undefined) headers.set('Authorization', `Bearer ${await readToken(token, reason, signal)}`)
    return headers
  }
}

/** @throws TidingsRequestError if there is none: a request that should show one is never sent without. */
async function readToken(
  source: TokenSource,
  reason: TokenRequest['reason'],
  signal: AbortSignal = new AbortController().signal,
): Promise<string> {
  const token = typeof source === 'string' ? source : await unlessAborted(source({ reason, signal }), signal)
  signal.throwIfAborted()
  if (token) return token
  throw new TidingsRequestError('token', 'token() gave none, and nothing is sent without.')
}

/**
 * Waits for what is the application's own, and need not know of signals.
 * @throws the signal's reason as soon as it aborts.
 */
function unlessAborted<Value>(
  value: Value | Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal!.reason)
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop)
    void Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => signal?.removeEventListener('abort', stop))
  })
}

function canPass({ code, status }: TidingsRequestError): boolean {
  return code === 'network' || code === 'timeout' || isPassing(status)
}

/** A signal that aborts with the first of two, either of which may be missing. */
function anyOf(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : (one ?? other)
}
