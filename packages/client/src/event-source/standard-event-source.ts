import { EventTooLargeError, type Message, Parser } from '../parser.ts'
import { ErrorEvent } from './error-event.ts'
import { EventHandler } from './event-handler.ts'
import { discard, feedBody } from './feed-body.ts'
import { RedirectError } from './home-fetch.ts'
import type { EventSourceInit } from './init.ts'
import type { EventSource } from './interface.ts'
import { isEventStream } from './media-type.ts'
import { checkRequest, requestStream } from './request.ts'
import { streamUrl } from './url.ts'

/** Until the server says something else; what Chromium has, too. */
const defaultRetryMs = 3_000
/** Far above what is sensible, and far below what fills a device: the standard knows no bound. */
const defaultMaxEventBytes = 16 * 1_048_576

type OpenHandler = Exclude<EventSource['onopen'], null>
type MessageHandler = Exclude<EventSource['onmessage'], null>
type ErrorHandler = Exclude<EventSource['onerror'], null>

/** The implementation: its steps are those of the HTML standard, 9.2.2 and 9.2.3, whose words are quoted. */
export class StandardEventSource extends EventTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSED = 2
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSED: 2

  static {
    // As Web IDL has constants: on the class and on its prototype, and not to be changed.
    for (const owner of [StandardEventSource, StandardEventSource.prototype]) {
      for (const [name, value] of [
        ['CONNECTING', 0],
        ['OPEN', 1],
        ['CLOSED', 2],
      ] as const) {
        Object.defineProperty(owner, name, { value, enumerable: true, writable: false, configurable: false })
      }
    }
    Object.defineProperty(StandardEventSource, 'name', { value: 'EventSource', configurable: true })
  }

  readonly #url: URL
  readonly #init: EventSourceInit
  readonly #onopen = new EventHandler<OpenHandler>(this, 'open')
  readonly #onmessage = new EventHandler<MessageHandler>(this, 'message')
  readonly #onerror = new EventHandler<ErrorHandler>(this, 'error')
  #readyState: 0 | 1 | 2 = 0
  #retryMs = defaultRetryMs
  #lastEventId = ''
  #origin = ''
  #connection = new AbortController()
  #retryTimer: ReturnType<typeof setTimeout> | undefined

  constructor(url: string | URL, init: EventSourceInit = {}) {
    super()
    this.#url = streamUrl(url)
    this.#init = { ...init }
    checkRequest(this.#url, init)
    void this.#connect()
  }

  get url(): string {
    return this.#url.href
  }

  get withCredentials(): boolean {
    return this.#init.withCredentials === true
  }

  get readyState(): number {
    return this.#readyState
  }

  get onopen(): OpenHandler | null {
    return this.#onopen.value
  }

  set onopen(handler: OpenHandler | null) {
    this.#onopen.value = handler
  }

  get onmessage(): MessageHandler | null {
    return this.#onmessage.value
  }

  set onmessage(handler: MessageHandler | null) {
    this.#onmessage.value = handler
  }

  get onerror(): ErrorHandler | null {
    return this.#onerror.value
  }

  set onerror(handler: ErrorHandler | null) {
    this.#onerror.value = handler
  }

  get [Symbol.toStringTag](): string {
    return 'EventSource'
  }

  close(): void {
    this.#readyState = 2
    clearTimeout(this.#retryTimer)
    this.#connection.abort()
  }

  async #connect(): Promise<void> {
    const connection = new AbortController()
    this.#connection = connection
    let cause: unknown
    try {
      const response = await requestStream(this.#url, this.#init, this.#lastEventId, connection.signal)
      if (connection.signal.aborted) return discard(response)
      if (!this.#accept(response)) return
      await this.#read(response, connection.signal)
    } catch (error) {
      cause = error
    }
    if (connection.signal.aborted) return
    if (cause instanceof RedirectError || cause instanceof EventTooLargeError) this.#fail(cause.message)
    else this.#comeBack(cause)
  }

  /** "If res's status is not 200, or if res's Content-Type is not text/event-stream, then fail the connection." */
  #accept(response: Response): boolean {
    const type = response.headers.get('content-type')
    if (response.status === 200 && isEventStream(type)) {
      this.#announce(response)
      return true
    }
    discard(response)
    const found = response.status === 200 ? `media type ${type ?? 'none'}` : `status ${response.status}`
    this.#fail(`${this.#url.href} gave no event stream: ${found}.`, response.status)
    return false
  }

  #announce(response: Response): void {
    // "The origin of the event stream's final URL"; an answer that a `fetch` of yours made up has no URL.
    this.#origin = new URL(response.url || this.#url).origin
    this.#readyState = 1
    this.dispatchEvent(new Event('open'))
  }

  async #read(response: Response, signal: AbortSignal): Promise<void> {
    if (response.body === null || signal.aborted) return discard(response)
    const parser = new Parser(
      {
        onMessage: (message) => this.#dispatch(message, signal),
        onId: (id) => this.#move(id, signal),
        onRetry: (retryMs) => {
          this.#retryMs = retryMs
        },
      },
      { lastEventId: this.#lastEventId, maxEventBytes: this.#init.maxEventBytes ?? defaultMaxEventBytes },
    )
    await feedBody(parser, response.body, signal)
  }

  #move(lastEventId: string, signal: AbortSignal): void {
    if (!signal.aborted) this.#lastEventId = lastEventId
  }

  #dispatch({ type, data, lastEventId }: Message, signal: AbortSignal): void {
    // A listener may have closed the connection; the rest of the piece that it came in counts for nothing.
    if (signal.aborted) return
    this.#lastEventId = lastEventId
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId, origin: this.#origin }))
  }

  /** "Reestablish the connection." */
  #comeBack(cause: unknown): void {
    this.#readyState = 0
    const message = cause === undefined ? undefined : describe(cause)
    this.dispatchEvent(new ErrorEvent('error', { message }))
    // A listener may have closed it.
    if (this.readyState === 2) return
    this.#retryTimer = setTimeout(() => void this.#connect(), this.#retryMs)
  }

  /** "Fail the connection": for good. */
  #fail(message: string, code?: number): void {
    this.close()
    this.dispatchEvent(new ErrorEvent('error', { code, message }))
  }
}

/** An error in words: what `fetch` throws says the reason only in its cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
