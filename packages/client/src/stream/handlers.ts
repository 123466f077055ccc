import { matchesSegments } from '@tidings/protocol'
import type { TidingsEvent } from '../event.ts'
import type { FailedHandler, HandlerOptions, InvalidEvent, StreamEvents } from '../stream.ts'
import type { Settings } from './settings.ts'

/** What handlers are called with. */
type Value = TidingsEvent | StreamEvents[keyof StreamEvents] | InvalidEvent | FailedHandler

interface Entry {
  readonly type: string
  readonly handler: (value: never) => unknown
  readonly wants: (topic: string | undefined) => boolean
  isGone: boolean
}

/** The handlers of a stream, in the order in which they were given. */
export class Handlers {
  readonly #options: Settings
  #entries: readonly Entry[] = []

  constructor(options: Settings) {
    this.#options = options
  }

  /** Adds a handler. Returns a function that takes it away. */
  add(type: string, handler: (value: never) => unknown, options: HandlerOptions = {}): () => void {
    const entry: Entry = { type, handler, wants: topicFilter(options.topic), isGone: false }
    const remove = (): void => {
      entry.isGone = true
      options.signal?.removeEventListener('abort', remove)
      // A new array each time: a handler may take itself away while all are being called.
      this.#entries = this.#entries.filter((each) => each !== entry)
    }
    if (options.signal?.aborted) return remove
    options.signal?.addEventListener('abort', remove)
    this.#entries = [...this.#entries, entry]
    return remove
  }

  /** Whether anybody wants it. */
  has(type: string): boolean {
    return this.#entries.some((each) => each.type === type || each.type === '*')
  }

  /** Calls the handlers of an event, one after another. A promise is returned only if one of them returned one. */
  callWithEvent(event: TidingsEvent): Promise<void> | undefined {
    const entries = this.#entries.filter(
      ({ type, wants }) => (type === event.type || type === '*') && wants(event.topic),
    )
    const { onError = ({ error }) => report(error) } = this.#options
    // One that failed must not keep the stream from going on: it would fail again, and again.
    return callAll(entries, event, (error) => attempt(onError, { event, error }, report))
  }

  /** Calls the handlers of a name of `StreamEvents`. */
  call<Name extends keyof StreamEvents>(name: Name, value: StreamEvents[Name]): Promise<void> | undefined {
    return callAll(
      this.#entries.filter(({ type }) => type === name),
      value,
      report,
    )
  }

  /** Says that an event's data is not what its schema says. */
  callInvalid(invalid: InvalidEvent): void {
    const { onInvalid } = this.#options
    if (onInvalid !== undefined) return void attempt(onInvalid, invalid, report)
    const issues = invalid.issues.map(({ message }) => message).join('; ')
    // No exception: what somebody else publishes must not end a process.
    console.error(`tidings: data of type ${invalid.event.type} is not what its schema says: ${issues}`)
  }
}

function callAll(
  entries: readonly Entry[],
  value: Value,
  onError: (error: unknown) => unknown,
): Promise<void> | undefined {
  for (const [index, { handler, isGone }] of entries.entries()) {
    const pending = isGone ? undefined : attempt(handler, value, onError)
    if (pending !== undefined) return pending.then(() => callAll(entries.slice(index + 1), value, onError))
  }
  return undefined
}

/** Whether a topic is one that a handler wants. */
export function topicFilter(pattern: string | undefined): (topic: string | undefined) => boolean {
  if (pattern === undefined) return () => true
  const segments = pattern.split('/')
  return (topic) => topic === pattern || (topic !== undefined && matchesSegments(segments, topic.split('/')))
}

function attempt(
  handler: (value: never) => unknown,
  value: Value,
  onError: (error: unknown) => unknown,
): Promise<void> | undefined {
  try {
    const result = handler(value as never)
    // Not every promise is one of this realm's: libraries make their own, and some frames' are others.
    return typeof (result as PromiseLike<unknown> | undefined)?.then === 'function'
      ? Promise.resolve(result).then(
          () => {},
          (error) => void onError(error),
        )
      : undefined
  } catch (error) {
    onError(error)
    return undefined
  }
}

/** Reports an error like any uncaught one, without stopping what goes on here. */
export function report(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
