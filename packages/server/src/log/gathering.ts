import { type NewEvent, TidingsError } from '@tidings/protocol'
import type { Appended } from './event-log.ts'

/** One caller's append, waiting for its commit. */
export interface Pending {
  readonly events: readonly NewEvent[]
  readonly key: string | undefined
  /** When it came, in milliseconds since 1970. */
  readonly time: number
  resolve(appended: Appended): void
  reject(error: Error): void
}

/** Bytes in one commit: keeps it, and with it the wait for the next, to a few tens of milliseconds. */
const commitBytes = 16 * 1024 * 1024

/** Waiting for a commit: with a store so slow, more would only wait longer. */
const waitingBytes = 256 * 1024 * 1024

/** What an event that waits costs besides its payload and topic: millions of small ones are as heavy as large ones. */
const overheadBytes = 128

/** The part of the expected appends that is worth a commit. */
const most = 0.75

/** At most so long a commit waits for company, in milliseconds. */
const companyMs = 1

/** The appends that gather while a commit is under way. */
export class Gathering {
  readonly #commitEvents: number
  readonly #pending: Pending[] = []
  #bytes = 0
  /** How many appends the last commit held. */
  #lastCount = 1
  /** How many are worth the next one. */
  #enough = 1
  #onEnough: (() => void) | undefined

  /** @param commitEvents so many go into one commit, which keeps it short. */
  constructor(commitEvents: number) {
    this.#commitEvents = commitEvents
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0
  }

  /** @throws TidingsError `overloaded`, if too much is waiting already. */
  add(pending: Pending): void {
    if (this.#bytes > waitingBytes) {
      throw new TidingsError(
        'overloaded',
        'The store does not keep up with what is published; try again in a second.',
      )
    }
    this.#bytes += sizeOf(pending)
    this.#pending.push(pending)
    if (this.#pending.length >= this.#enough) this.#onEnough?.()
  }

  /**
   * Resolves when it pays to commit: most of those are here who can be expected, or a millisecond has passed.
   * Publishers who wait for their answers before they go on come in step with the commits: without this each
   * commit held a few of 64 of them, and its fixed cost was most of a publish. With most rather than all, the
   * main thread has the others' requests to read while the store works. Whoever publishes alone never waits.
   */
  async ripen(): Promise<void> {
    if (this.#pending.length < this.#enough) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, companyMs)
        this.#onEnough = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#onEnough = undefined
    }
    // After the sockets that are readable now: what they bring goes into the same commit.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }

  /** To be called when a commit is done: expected are those whom it has answered, and those who came meanwhile. */
  expect(): void {
    this.#enough = Math.ceil((this.#lastCount + this.#pending.length) * most)
  }

  /** Takes the appends of the next commit: at least one, which may be larger by itself than a commit should be. */
  take(): Pending[] {
    let count = 0
    let events = 0
    let bytes = 0
    for (const pending of this.#pending) {
      events += pending.events.length
      bytes += sizeOf(pending)
      if (count > 0 && (events > this.#commitEvents || bytes > commitBytes)) break
      this.#bytes -= sizeOf(pending)
      count++
    }
    this.#lastCount = count
    return this.#pending.splice(0, count)
  }
}

/** Payload and topic in characters, near enough to bytes for a bound, and what each event costs besides. */
function sizeOf({ events }: Pending): number {
  return events.reduce((sum, { payload, topic }) => sum + payload.length + topic.length + overheadBytes, 0)
}
