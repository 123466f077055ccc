import { discard, feedBody } from '../event-source/feed-body.ts'
import { Parser } from '../parser.ts'
import { checkContentType } from './content-type.ts'
import type { EventSourceMessage, FetchEventSourceInit } from './init.ts'
import { sendRequest } from './request.ts'
import { isHidden, onVisibility } from './visibility.ts'

const defaultRetryMs = 1_000
const defaultMaxEventBytes = 16 * 1_048_576
/** What a timer holds; a longer pause would be none. */
const maxPauseMs = 2 ** 31 - 1

/** One call of `fetchEventSource`: try after try, of which one at most is under way, until it has settled. */
export class FetchStream {
  readonly #input: RequestInfo
  readonly #init: FetchEventSourceInit
  readonly #outcome = new Settlement()
  #lastEventId: string | undefined
  #retryMs = defaultRetryMs
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  /** The try that counts. Whatever belongs to another one comes too late, and counts for nothing. */
  #try: AbortController | undefined

  constructor(input: RequestInfo, init: FetchEventSourceInit) {
    this.#input = input
    this.#init = init
  }

  run(): Promise<void> {
    const { signal } = this.#init
    const { ended } = this.#outcome
    if (signal?.aborted) return Promise.resolve()
    const abort = () => this.#outcome.resolve()
    signal?.addEventListener('abort', abort)
    ended.addEventListener('abort', () => {
      signal?.removeEventListener('abort', abort)
      this.#pause()
    })
    if (this.#init.openWhenHidden !== true) onVisibility(() => this.#followPage(), ended)
    if (!this.#mustWait()) void this.#begin()
    return this.#outcome.promise
  }

  #mustWait(): boolean {
    return this.#init.openWhenHidden !== true && isHidden()
  }

  #followPage(): void {
    if (this.#mustWait()) this.#pause()
    else if (this.#try === undefined) void this.#begin()
  }

  /** Ends the try that counts, if there is one, and the wait for another. */
  #pause(): void {
    clearTimeout(this.#retryTimer)
    this.#try?.abort()
    this.#try = undefined
  }

  async #begin(): Promise<void> {
    const attempt = new AbortController()
    this.#try = attempt
    try {
      await this.#connect(attempt.signal)
      if (attempt.signal.aborted) return
      this.#init.onclose?.()
      this.#outcome.resolve()
    } catch (error) {
      if (attempt.signal.aborted) return
      // The connection would stay open beside the next one if the failure was ours, e.g. that of `onopen`.
      attempt.abort()
      await this.#fail(error, attempt)
    }
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const response = await sendRequest(this.#input, this.#init, this.#lastEventId, signal)
    // An application's `fetch` may not know of `signal`: its body is let go of here.
    signal.addEventListener('abort', () => {
      if (response.body?.locked === false) discard(response)
    })
    if (signal.aborted) return discard(response)
    await (this.#init.onopen ?? checkContentType)(response)
    if (signal.aborted || response.body === null) return
    await feedBody(this.#parser(signal), response.body, signal)
  }

  #parser(signal: AbortSignal): Parser {
    let retry: number | undefined
    const listener = {
      onId: (id: string) => {
        if (!signal.aborted) this.#lastEventId = id
      },
      onRetry: (retryMs: number) => {
        retry = retryMs
        if (!signal.aborted) this.#retryMs = retryMs
      },
      onMessage: ({ id, type, data }: { id: string | undefined; type: string; data: string }) => {
        // `onmessage` may have aborted; the rest of the piece counts for nothing.
        if (signal.aborted) return
        if (id !== undefined) this.#lastEventId = id
        const message: EventSourceMessage = { id: id ?? '', event: type === 'message' ? '' : type, data }
        if (retry !== undefined) message.retry = retry
        retry = undefined
        this.#init.onmessage?.(message)
      },
    }
    return new Parser(listener, { maxEventBytes: this.#init.maxEventBytes ?? defaultMaxEventBytes })
  }

  async #fail(error: unknown, attempt: AbortController): Promise<void> {
    try {
      // The compiler believes that it is no promise; many an application gives one.
      const pauseMs = await this.#init.onerror?.(error)
      // Meanwhile the application may have aborted, or the page been hidden or shown.
      if (this.#try !== attempt) return
      this.#retryTimer = setTimeout(() => void this.#begin(), Math.min(pauseMs ?? this.#retryMs, maxPauseMs))
    } catch (thrown) {
      this.#outcome.reject(thrown)
    }
  }
}

/** A promise that is settled once, and a signal that says so. */
class Settlement {
  readonly promise: Promise<void>
  readonly #end = new AbortController()
  #resolve!: () => void
  #reject!: (error: unknown) => void

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get ended(): AbortSignal {
    return this.#end.signal
  }

  resolve(): void {
    this.#resolve()
    this.#end.abort()
  }

  reject(error: unknown): void {
    this.#reject(error)
    this.#end.abort()
  }
}
