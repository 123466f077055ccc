import type {
  Handler,
  HandlerOptions,
  QueueOptions,
  Status,
  TidingsEvent,
  TidingsStream,
} from '@tidings/client'

/** A handler that is here to stay, whichever connection serves it. */
interface Registration {
  readonly type: string
  readonly handler: Handler<never>
  readonly options: HandlerOptions | undefined
  off: (() => void) | undefined
}

/** What a stream is that was never connected, on a server for one. */
const idle: Status = Object.freeze({
  state: 'idle',
  attempt: 0,
  trouble: undefined,
  retryAtMs: undefined,
  awaySinceMs: undefined,
  lastEventId: undefined,
  lastEventAtMs: undefined,
  clientId: undefined,
  returned: undefined,
  gap: undefined,
  role: 'alone',
})

/**
 * A stream that may be made while React renders, on a server too, since it connects only when it is held: from an
 * effect. Whoever lets go and holds again within the same turn, as StrictMode does, keeps the one connection; handlers
 * and topics outlive it in any case.
 */
export class LazyStream implements TidingsStream {
  readonly #connect: (topics: readonly string[]) => TidingsStream
  readonly #registrations = new Set<Registration>()
  readonly #statusListeners = new Set<(status: Status) => void>()
  readonly #unready = new Set<() => void>()
  #topics: string[] = []
  #holders = 0
  #inner: TidingsStream | undefined
  /** What was wished last, before there was a connection perhaps; `undefined` if nothing was. */
  #isPaused: boolean | undefined
  readonly #waiting = new Set<(stream: TidingsStream) => void>()

  constructor(connect: (topics: readonly string[]) => TidingsStream) {
    this.#connect = connect
  }

  /** Connects, and stays so until the function that it returns is called. */
  hold(): () => void {
    this.#holders++
    if (this.#inner === undefined) this.#open()
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holders--
      queueMicrotask(() => {
        if (this.#holders === 0) this.close()
      })
    }
  }

  get status(): Status {
    return this.#inner?.status ?? idle
  }

  get topics(): readonly string[] {
    return this.#inner?.topics ?? this.#topics
  }

  on(type: string, handler: Handler<never>, options?: HandlerOptions): () => void {
    const registration: Registration = { type, handler, options, off: undefined }
    this.#registrations.add(registration)
    if (this.#inner !== undefined) attach(this.#inner, registration)
    return () => {
      this.#registrations.delete(registration)
      registration.off?.()
    }
  }

  onStatus(listener: (status: Status) => void): () => void {
    this.#statusListeners.add(listener)
    return () => this.#statusListeners.delete(listener)
  }

  events(options?: QueueOptions): AsyncIterableIterator<TidingsEvent> {
    return this.#inner?.events(options) ?? this.#laterEvents(options)
  }

  async *#laterEvents(options?: QueueOptions): AsyncGenerator<TidingsEvent, void, undefined> {
    const inner = this.#inner ?? (await new Promise<TidingsStream>((resolve) => this.#waiting.add(resolve)))
    yield* inner.events(options)
  }

  [Symbol.asyncIterator](): AsyncIterator<TidingsEvent> {
    return this.events()
  }

  add(...topics: string[]): Promise<void> {
    this.#topics.push(...topics)
    if (this.#inner !== undefined) return this.#inner.add(...topics)
    // The first connection will have them.
    return new Promise((resolve) => this.#unready.add(resolve))
  }

  remove(...topics: string[]): void {
    for (const topic of topics) {
      const at = this.#topics.indexOf(topic)
      if (at !== -1) this.#topics.splice(at, 1)
    }
    this.#inner?.remove(...topics)
  }

  dismissGap(): void {
    this.#inner?.dismissGap()
  }

  pause(): void {
    this.#isPaused = true
    this.#inner?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#inner?.resume()
  }

  reconnect(): void {
    this.#isPaused = false
    this.#inner?.reconnect()
  }

  close(): void {
    const inner = this.#inner
    if (inner === undefined) return
    this.#inner = undefined
    for (const registration of this.#registrations) registration.off?.()
    inner.close()
    this.#tell()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #open(): void {
    const inner = this.#connect([...this.#topics])
    this.#inner = inner
    if (this.#isPaused === true) inner.pause()
    else if (this.#isPaused === false) inner.resume()
    for (const registration of this.#registrations) attach(inner, registration)
    inner.onStatus(() => {
      if (this.#inner === inner) this.#tell()
    })
    for (const resolve of this.#waiting) resolve(inner)
    this.#waiting.clear()
    this.#tell()
  }

  #tell(): void {
    const { state } = this.status
    if (state === 'live' || state === 'catching-up') {
      for (const resolve of this.#unready) resolve()
      this.#unready.clear()
    }
    for (const listener of [...this.#statusListeners]) {
      try {
        listener(this.status)
      } catch (error) {
        // It must not keep the others from hearing, nor the page from being drawn.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}

function attach(stream: TidingsStream, registration: Registration): void {
  registration.off = stream.on(
    registration.type,
    registration.handler as Handler<unknown>,
    registration.options,
  )
}
