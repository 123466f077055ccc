/// <reference lib="esnext.disposable" preserve="true" />
import type { EventInput } from '@tidings/protocol'
import type { Receipt } from '../api/answers.ts'
import { type Api, createResources, type WriteOptions } from '../api/create-api.ts'
import { TidingsRequestError } from '../api/request-error.ts'
import { type ApiOptions, Requester } from '../api/requester.ts'
import type { TokenSource } from '../options.ts'
import { Dispatcher } from './dispatcher.ts'
import { Gate } from './gate.ts'
import { Outbox } from './outbox.ts'

/** How a program publishes. */
export interface PublisherOptions extends Omit<ApiOptions, 'url' | 'token'> {
  /** The address of the server. */
  readonly url: string | URL
  /** An API key (PROTOCOL §11.2), or a token, or how to get one. A server in dev mode needs none. */
  readonly key?: TokenSource | undefined
  /** How often a request is sent at most while the trouble is a passing one: 10 if absent, which outlives a restart. */
  readonly tries?: number | undefined
  /** Events in one request: 500 if absent. The server's own limit is `maxBatchEvents`. */
  readonly maxBatchEvents?: number | undefined
  /** Bytes in one request: 512 KiB if absent. The server's own limit is `maxBodyBytes`. */
  readonly maxBatchBytes?: number | undefined
  /** Events that may wait to be sent: 10,000 if absent. Beyond that `publish` is refused, code `overflow`. */
  readonly maxWaitingEvents?: number | undefined
  /** Bytes that may wait to be sent: 16 MiB if absent. */
  readonly maxWaitingBytes?: number | undefined
}

const kibibyte = 1024

const defaultTries = 10

/** Requests of `notify` and its like that are under way at once; as many as `maxWaitingEvents` may wait. */
const placesAtGate = 16

/** Publishes to one server, for as long as the program runs. */
export interface Publisher extends Pick<Api, 'notify' | 'announce' | 'update' | 'activity'>, AsyncDisposable {
  /**
   * Publishes events: all of them or none, next to each other, after all that was published here before. Calls that
   * come while a request is under way go together in the next one, and each gets its own ids or its own error.
   * @throws TidingsRequestError of the server's codes, or `overflow`: too much waits already, or `closed`. Whatever
   *   `JSON.stringify` throws for data that is no JSON.
   */
  publish(events: EventInput | readonly EventInput[], options?: WriteOptions): Promise<Receipt>
  /** Resolves when all that was given so far has been answered, well or not. */
  flush(): Promise<void>
  /** Takes nothing more, and resolves when all that was given has been answered. */
  close(): Promise<void>
}

/**
 * Publishes from a server or a job.
 * @throws TypeError if the address is not a full one, or the key is empty.
 */
export function createPublisher({ key, ...options }: PublisherOptions): Publisher {
  const { maxBatchEvents = 500, maxBatchBytes = 512 * kibibyte } = options
  const { maxWaitingEvents = 10_000, maxWaitingBytes = 16 * 1024 * kibibyte } = options
  const requester = new Requester({ ...options, token: key, tries: options.tries ?? defaultTries })
  const api = createResources(requester)
  const outbox = new Outbox({ maxBatchEvents, maxBatchBytes, maxWaitingEvents, maxWaitingBytes })
  const dispatcher = new Dispatcher(requester, outbox)
  const gate = new Gate(placesAtGate)
  const pending = new Set<Promise<unknown>>()
  let isClosed = false

  /** Starts something that `flush` waits for. */
  function track<Value>(start: () => Promise<Value>): Promise<Value> {
    if (isClosed) return Promise.reject(new TidingsRequestError('closed', 'This publisher is closed.'))
    const promise = start()
    const forget = () => pending.delete(promise)
    pending.add(promise)
    promise.then(forget, forget)
    return promise
  }

  /** Sends something that has a request of its own. */
  function send<Value>(start: () => Promise<Value>): Promise<Value> {
    return track(async () => {
      if (gate.size >= maxWaitingEvents) {
        throw new TidingsRequestError('overflow', `${gate.size} requests wait for the server already.`)
      }
      return gate.run(start)
    })
  }

  async function flush(): Promise<void> {
    await Promise.allSettled(pending)
  }

  function close(): Promise<void> {
    isClosed = true
    return flush()
  }

  return {
    publish: (events, writing) =>
      track(async () => {
        const receipt = put(outbox, events, writing)
        dispatcher.start()
        return receipt
      }),
    notify: (...args) => send(() => api.notify(...args)),
    announce: (...args) => send(() => api.announce(...args)),
    update: (...args) => send(() => api.update(...args)),
    activity: (...args) => send(() => api.activity(...args)),
    flush,
    close,
    [Symbol.asyncDispose]: close,
  }
}

const encoder = new TextEncoder()

/** Puts events into the outbox, as they are now: what is done to them later does not change what is sent. */
function put(
  outbox: Outbox,
  given: EventInput | readonly EventInput[],
  { signal, idempotencyKey }: WriteOptions = {},
): Promise<Receipt> {
  signal?.throwIfAborted()
  const events = Array.isArray(given) ? given : [given]
  if (events.length === 0) {
    throw new TidingsRequestError('invalid_field', 'There are no events to publish.', { status: 400 })
  }
  const json = JSON.stringify(events).slice(1, -1)
  return new Promise((resolve, reject) => {
    const stop = () => {
      outbox.drop(parcel)
      reject(signal!.reason)
    }
    const settled =
      <Value>(settle: (value: Value) => void) =>
      (value: Value) => {
        signal?.removeEventListener('abort', stop)
        settle(value)
      }
    const parcel = {
      json,
      events: events.length,
      bytes: encoder.encode(json).length,
      idempotencyKey,
      resolve: settled(resolve),
      reject: settled(reject),
    }
    outbox.put(parcel)
    signal?.addEventListener('abort', stop)
  })
}
