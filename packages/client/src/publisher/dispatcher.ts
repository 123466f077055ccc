import type { Receipt } from '../api/answers.ts'
import { writeOf } from '../api/create-api.ts'
import { TidingsRequestError } from '../api/request-error.ts'
import type { Requester } from '../api/requester.ts'
import type { Outbox, Parcel } from './outbox.ts'

/** Troubles that say nothing about the events: to send them one by one would not help. */
const notAboutEvents = new Set([401, 404, 405, 408, 425, 429, 431])

/** Too much at once for this server, whatever the events are. */
const tooMuch = new Set(['too_many_events', 'body_too_large'])

/** Empties an outbox: one request at a time, so that the order of calls is the order in the log. */
export class Dispatcher {
  readonly #requester: Requester
  readonly #outbox: Outbox
  #isRunning = false

  constructor(requester: Requester, outbox: Outbox) {
    this.#requester = requester
    this.#outbox = outbox
  }

  /** Sends what is in the outbox, once this turn is over: all that is published in one turn goes together. */
  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    void this.#run()
  }

  async #run(): Promise<void> {
    while (!this.#outbox.isEmpty) {
      // Those who were just answered often publish again at once: they may come along.
      await nextTurn()
      await this.#send(this.#outbox.takeBatch())
    }
    this.#isRunning = false
  }

  async #send(batch: readonly Parcel[]): Promise<void> {
    const [first] = batch
    if (first === undefined) return
    const body = `[${batch.map(({ json }) => json).join()}]`
    try {
      const ask = writeOf('api/events', body, { idempotencyKey: first.idempotencyKey })
      deliver(batch, (await this.#requester.ask(ask)) as Answer)
    } catch (error) {
      if (batch.length === 1 || !isAboutEvents(error)) {
        for (const parcel of batch) parcel.reject(error)
        return
      }
      if (tooMuch.has(error.code)) this.#outbox.learnFrom(batch)
      // Nothing of it was stored. One bad event must not fail the others: halves are tried, in order, until it is alone.
      const middle = Math.ceil(batch.length / 2)
      await this.#send(batch.slice(0, middle))
      await this.#send(batch.slice(middle))
    }
  }
}

interface Answer extends Omit<Receipt, 'isDuplicate'> {
  readonly duplicate: boolean
}

/** Gives each caller the ids of their own events. */
function deliver(batch: readonly Parcel[], { ids, durability, duplicate }: Answer): void {
  let from = 0
  for (const { events, resolve } of batch) {
    resolve({ ids: ids.slice(from, from + events), durability, isDuplicate: duplicate })
    from += events
  }
}

function isAboutEvents(error: unknown): error is TidingsRequestError {
  if (!(error instanceof TidingsRequestError)) return false
  return error.status >= 400 && error.status < 500 && !notAboutEvents.has(error.status)
}

/** Resolves when everything that is ready to run has run. */
function nextTurn(): Promise<void> {
  // A timer waits for a millisecond or more where this does not.
  const { setImmediate = setTimeout } = globalThis as { setImmediate?: (callback: () => void) => unknown }
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
