import type { ClientHttp2Session } from 'node:http2'
import { Latencies } from './latencies.ts'
import { type Listener, type ListenerOptions, type ListenerSink, SocketListener } from './listener.ts'
import { openSession, SessionListener } from './session-listener.ts'
import { until } from './until.ts'
import type { Wire } from './wire.ts'

export interface CrowdOptions {
  readonly port: number
  /** Path of the stream that listener number `index` opens. */
  readonly path: (index: number) => string
  /** Read the stamps of every n-th stream; of none, if absent. */
  readonly sampleEvery?: number
  readonly tracksIds?: boolean
  /** A listener that has received this many events has reached its goal. */
  readonly goal?: number
  /** What listener number `index` shows; nothing, if absent. */
  readonly authorization?: ((index: number) => string) | undefined
  /** What carries the streams; `plain`, if absent. */
  readonly wire?: Wire | undefined
  /** Over HTTP/2: how many streams share a session; each has its own, if absent. */
  readonly streamsPerSession?: number | undefined
}

export interface OpenOptions {
  /** How many connects may be under way at once; all of them, if absent. */
  readonly atOnce?: number
  readonly lastEventIds?: readonly (string | undefined)[]
  readonly deadlineMs: number
}

/** Streams from one source address: well below the 28,000 ports that the kernel gives out for each. */
const streamsPerAddress = 5_000
let opened = 0

/** Many listeners on one server, and what they saw. */
export class Crowd implements ListenerSink {
  /** From when an event was due until a sampled stream read it. */
  readonly latencies = new Latencies()
  /** From `open` until a listener reached the goal. */
  readonly goalTimes = new Latencies()
  readonly listeners: Listener[] = []
  /** Events of all streams. */
  received = 0
  open = 0
  /** Streams that failed or were ended by the server, and why the first of them were. */
  ended = 0
  readonly reasons = new Set<string>()
  readonly #options: CrowdOptions
  #startedAt = 0
  #session: ClientHttp2Session | undefined

  constructor(options: CrowdOptions) {
    this.#options = options
  }

  /**
   * Opens streams; resolves when each is open or has failed.
   * @returns whether all were before the deadline.
   */
  async join(count: number, options: OpenOptions): Promise<boolean> {
    this.#startedAt = performance.now()
    const atOnce = options.atOnce ?? count
    const end = performance.now() + options.deadlineMs
    for (let from = 0; from < count; from += atOnce) {
      const to = Math.min(from + atOnce, count)
      for (let index = from; index < to; index++) this.#add(index, options.lastEventIds?.[index])
      if (!(await until(() => this.open + this.ended >= to, end - performance.now()))) return false
    }
    return true
  }

  /** Begins a new measurement: forgets what was received so far. */
  reset(): void {
    this.received = 0
    this.latencies.clear()
    for (const listener of this.listeners) listener.received = 0
  }

  close(): void {
    for (const listener of this.listeners) listener.close()
  }

  onOpen(): void {
    this.open++
  }

  onEvents(listener: Listener, count: number): void {
    this.received += count
    const { goal } = this.#options
    if (goal === undefined || listener.received < goal || listener.received - count >= goal) return
    this.goalTimes.add((performance.now() - this.#startedAt) * 1000)
  }

  onLatency(micros: number): void {
    this.latencies.add(micros)
  }

  onEnd(_: Listener, reason: string): void {
    this.ended++
    if (this.reasons.size < 5) this.reasons.add(reason)
  }

  #add(index: number, lastEventId: string | undefined): void {
    const { port, path, sampleEvery, tracksIds, authorization, wire = 'plain' } = this.#options
    const options: ListenerOptions = {
      port,
      path: path(index),
      lastEventId,
      authorization: authorization?.(index),
      localAddress: `127.0.0.${2 + (Math.floor(opened++ / streamsPerAddress) % 250)}`,
      isSampled: sampleEvery !== undefined && index % sampleEvery === 0,
      tracksId: tracksIds === true,
      isSecure: wire !== 'plain',
    }
    this.listeners.push(
      wire === 'http2'
        ? new SessionListener(this.#sessionFor(index, options), options, this)
        : new SocketListener(options, this),
    )
  }

  #sessionFor(index: number, { port, localAddress }: ListenerOptions): ClientHttp2Session {
    const { streamsPerSession = 1 } = this.#options
    if (index % streamsPerSession === 0) this.#session = openSession(port, localAddress)
    return this.#session!
  }
}
