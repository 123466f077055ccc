import { defaultQueueLimit } from '../bounds.ts'
import type { TidingsEvent } from '../event.ts'
import type { QueueOptions } from '../stream.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'

interface Queued {
  readonly event: TidingsEvent
  readonly entry: LedgerEntry
}

type Result = IteratorResult<TidingsEvent, undefined>

const end: Result = { done: true, value: undefined }

/** The bounded queue between a stream and one loop. */
export class EventQueue implements AsyncIterableIterator<TidingsEvent, undefined> {
  readonly #ledger: Ledger
  readonly #limit: number
  readonly #isLossy: boolean
  readonly #onEnd: () => void
  #queued: Queued[] = []
  /** What the loop is busy with. It is handled when the loop comes back. */
  #inHand: LedgerEntry | undefined
  #readers: ((result: Result) => void)[] = []
  #isEnded = false
  #room: Promise<void> | undefined
  #openRoom: (() => void) | undefined

  constructor(ledger: Ledger, { limit = defaultQueueLimit, overflow }: QueueOptions, onEnd: () => void) {
    this.#ledger = ledger
    this.#limit = Math.max(1, limit)
    this.#isLossy = overflow === 'drop-oldest'
    this.#onEnd = onEnd
  }

  /** Puts an event in; a promise says to wait for room before the next. */
  push(event: TidingsEvent, entry: LedgerEntry): Promise<void> | undefined {
    entry.left++
    const reader = this.#readers.shift()
    if (reader !== undefined) {
      this.#release()
      this.#inHand = entry
      reader({ done: false, value: event })
      return undefined
    }
    if (this.#isLossy && this.#queued.length >= this.#limit) this.#ledger.settle(this.#queued.shift()!.entry)
    this.#queued.push({ event, entry })
    if (this.#isLossy || this.#queued.length < this.#limit) return undefined
    this.#room ??= new Promise((resolve) => {
      this.#openRoom = resolve
    })
    return this.#room
  }

  next(): Promise<Result> {
    this.#release()
    const queued = this.#queued.shift()
    if (queued !== undefined) {
      this.#inHand = queued.entry
      this.#makeRoom()
      return Promise.resolve({ done: false, value: queued.event })
    }
    if (this.#isEnded) return Promise.resolve(end)
    return new Promise((resolve) => this.#readers.push(resolve))
  }

  /** The loop wants no more: what waits is given up. */
  return(): Promise<Result> {
    this.#release()
    for (const { entry } of this.#queued.splice(0)) this.#ledger.settle(entry)
    this.finish()
    return Promise.resolve(end)
  }

  /** Nothing more comes; what waits is still read. */
  finish(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    for (const reader of this.#readers.splice(0)) reader(end)
    this.#makeRoom()
    this.#onEnd()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #release(): void {
    if (this.#inHand !== undefined) this.#ledger.settle(this.#inHand)
    this.#inHand = undefined
  }

  #makeRoom(): void {
    this.#openRoom?.()
    this.#room = undefined
  }
}
