import { nowMicros, payload } from '../payload.ts'
import { Caller } from './caller.ts'

/** How a server is published to. */
export interface PublishShape {
  /** How many payloads one request carries at most. */
  readonly eventsPerRequest: number
  /** The request that publishes these payloads; any 2xx answer means that they were taken. */
  request(payloads: readonly string[]): Buffer
}

export interface PublisherOptions {
  /** Where to publish; to several in turn, one request each. */
  readonly port: number | readonly number[]
  readonly shape: PublishShape
  readonly eventsPerSecond: number
  /** Over TLS. */
  readonly isSecure?: boolean
}

/** Connections that publishes are spread over. */
const connections = 64

/** Requests that may wait for a connection; beyond, the server has collapsed and the rest stays unsent. */
const backlogLimit = 10_000

/** The shortest time between two publishes, in milliseconds: above 200 events/s they go out in batches. */
const tickMs = 5

/**
 * Publishes at a steady rate, whatever the server does: an event is stamped with the time at which it was due,
 * so that a server that makes its publishers wait is not spared the latency.
 */
export class Publisher {
  /** Events that were due. */
  offered = 0
  /** Events that the server has said it took. */
  taken = 0
  /** Events for which there was no room in the backlog, or that the server refused. */
  refused = 0
  /** Why the first of them were refused. */
  readonly reasons = new Set<string>()
  readonly #options: PublisherOptions
  /** Of each server, those that wait for work; the one that was used last is taken first, so that it stays open. */
  readonly #idle: readonly Caller[][]
  readonly #all: readonly Caller[]
  readonly #backlog: { request: Buffer; events: number }[] = []
  #underway = 0
  /** How many times a server was chosen. */
  #turn = 0

  static async open(options: PublisherOptions): Promise<Publisher> {
    const ports = [options.port].flat()
    const all = await Promise.all(
      ports.map((port) =>
        Promise.all(
          Array.from({ length: connections / ports.length }, () => Caller.open(port, options.isSecure)),
        ),
      ),
    )
    return new Publisher(options, all)
  }

  private constructor(options: PublisherOptions, callers: readonly (readonly Caller[])[]) {
    this.#options = options
    this.#all = callers.flat()
    this.#idle = callers.map((some) => [...some])
  }

  /** Whether nothing is on its way to the server. */
  get isSettled(): boolean {
    return this.#underway === 0 && this.#backlog.length === 0
  }

  /** Publishes for some time; resolves at its end, whether all is answered by then or not. */
  run(durationMs: number): Promise<void> {
    const { eventsPerSecond } = this.#options
    const eventsPerTick = Math.max(1, Math.round((eventsPerSecond * tickMs) / 1000))
    const periodMicros = (eventsPerTick / eventsPerSecond) * 1e6
    const ticks = Math.round((durationMs * 1000) / periodMicros)
    const start = nowMicros()
    let done = 0
    return new Promise((resolve) => {
      const tick = () => {
        const due = Math.floor((nowMicros() - start) / periodMicros)
        // The event that is due at the very end belongs to the next run.
        while (done <= due && done < ticks) this.#publish(start + done++ * periodMicros, eventsPerTick)
        if (due >= ticks) return resolve()
        setTimeout(tick, Math.max(1, (start + (due + 1) * periodMicros - nowMicros()) / 1000))
      }
      tick()
    })
  }

  reset(): void {
    this.offered = 0
    this.taken = 0
    this.refused = 0
  }

  close(): void {
    this.#backlog.length = 0
    for (const caller of this.#all) caller.close()
  }

  #publish(dueMicros: number, count: number): void {
    const { request, eventsPerRequest } = this.#options.shape
    this.offered += count
    const stamped = payload(Math.round(dueMicros))
    for (let left = count; left > 0; left -= eventsPerRequest) {
      const events = Math.min(left, eventsPerRequest)
      if (this.#backlog.length >= backlogLimit) this.refused += events
      else this.#backlog.push({ request: request(new Array<string>(events).fill(stamped)), events })
    }
    this.#send()
  }

  #send(): void {
    while (this.#backlog.length > 0) {
      const idle = this.#nextIdle()
      if (idle === undefined) return
      const { request, events } = this.#backlog.shift()!
      void this.#call(idle, request, events)
    }
  }

  /** Of the server whose turn it is, or of the next that is not busy. */
  #nextIdle(): Caller[] | undefined {
    for (let tried = 0; tried < this.#idle.length; tried++) {
      const idle = this.#idle[this.#turn++ % this.#idle.length]!
      // Servers close connections that were not used for long.
      while (idle.at(-1)?.isOpen === false) idle.pop()
      if (idle.length > 0) return idle
    }
    return undefined
  }

  async #call(idle: Caller[], request: Buffer, events: number): Promise<void> {
    this.#underway++
    const caller = idle.pop()!
    try {
      const { status, body } = await caller.call(request)
      if (status >= 200 && status < 300) this.taken += events
      else this.#refuse(events, `${status}: ${body.toString().slice(0, 200)}`)
    } catch (error) {
      this.#refuse(events, (error as Error).message)
    }
    this.#underway--
    if (caller.isOpen) idle.push(caller)
    this.#send()
  }

  #refuse(events: number, reason: string): void {
    this.refused += events
    if (this.reasons.size < 5) this.reasons.add(reason)
  }
}
