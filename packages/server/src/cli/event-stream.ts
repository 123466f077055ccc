import { setTimeout as sleep } from 'node:timers/promises'
import { EventTooLargeError, type Message, Parser } from '@tidings/client/parser'
import { describeFailure, isPassing, parseObject, readRefusal } from './answer.ts'
import { retryAfterMs, waitAfter } from './backoff.ts'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'
import type { ServerAddress } from './server-address.ts'
import { printable } from './terminal.ts'
import { Watchdog } from './watchdog.ts'

/** An event as it came over the wire. */
export interface Followed {
  readonly id: string
  /** `undefined` from a server that does not say it. */
  readonly topic: string | undefined
  /** When the log took it, in milliseconds since 1970; `undefined` from a server that does not say it. */
  readonly timeMs: number | undefined
  readonly type: string
  /** The text that was sent: JSON, if the event was published with data. */
  readonly data: string
}

/** What to follow, and how. */
export interface Following {
  readonly address: ServerAddress
  /** Topics, types and the beginning, as the stream's query has them. */
  readonly query: URLSearchParams
  /** Begin after this id. */
  readonly since?: string | undefined
  /** How long a server that does not answer is tried, in milliseconds. */
  readonly retryForMs: number
  /** Ends it, without an error. */
  readonly signal: AbortSignal
  /** Called with what a person should know: lost connections and gaps. */
  onNotice(text: string): void
}

/** An answer begins within this time. */
const answerWithinMs = 30_000
/** Until `connected` says how often something arrives. */
const presumedHeartbeatMs = 30_000
const presumedRetryMs = 2_000
const mostRetryMs = 30_000
/** Of one event. The server's own limit is far below; this one is against what is no Tidings. */
const maxEventBytes = 128 * 1024 * 1024

/**
 * Follows a stream through lost connections, resuming after the last event: every event once, in order, in
 * arrays as they arrive. Reads on only when it is asked for more.
 * @throws CliError if the server refuses, or does not answer for too long.
 */
export async function* followEvents(following: Following): AsyncGenerator<readonly Followed[]> {
  const follower = new Follower(following)
  while (!following.signal.aborted && !follower.isOver) {
    try {
      yield* follower.connection()
    } catch (error) {
      if (error instanceof CliError) throw error
      follower.failed(error)
    }
    await follower.pause()
  }
}

/** What outlives a connection: the place in the stream, and the pace of coming back. */
class Follower {
  readonly #following: Following
  #lastId: string | undefined
  #retryMs = presumedRetryMs
  #heartbeatMs = presumedHeartbeatMs
  #failures = 0
  #leastWaitMs = 0
  #downSince: number | undefined
  #isRoutine = false
  #why = 'the connection ended'
  isOver = false

  constructor(following: Following) {
    this.#following = following
    this.#lastId = following.since
  }

  /** One connection, to its end. */
  async *connection(): AsyncGenerator<readonly Followed[]> {
    const watchdog = new Watchdog(this.#following.signal)
    try {
      const body = await this.#connect(watchdog)
      if (body === undefined) return
      yield* this.#read(body, watchdog)
    } finally {
      watchdog.close()
    }
  }

  failed(error: unknown): void {
    this.#isRoutine = false
    this.#why = describeFailure(error)
  }

  /** Waits until it is time to come back. */
  async pause(): Promise<void> {
    const { signal, onNotice, retryForMs, address } = this.#following
    if (signal.aborted || this.isOver) return
    const now = performance.now()
    this.#downSince ??= now
    if (now - this.#downSince >= retryForMs) {
      throw new CliError(exitCode.unavailable, `${address.base.href} does not answer (${this.#why})`)
    }
    // Streams end at a certain age as a matter of course; nobody needs to know.
    if (this.#failures === 0 && !this.#isRoutine)
      onNotice(`${this.#why}; coming back to ${address.base.href}`)
    this.#failures++
    const backoff = { firstMs: Math.max(this.#retryMs, 100), mostMs: Math.max(mostRetryMs, this.#retryMs) }
    const wait = Math.max(this.#leastWaitMs, waitAfter(this.#failures, backoff, Math.random()))
    this.#leastWaitMs = 0
    await sleep(wait, undefined, { signal }).catch(() => {})
  }

  async #connect(watchdog: Watchdog): Promise<ReadableStream<Uint8Array> | undefined> {
    const { address, query } = this.#following
    const url = new URL('events', address.base)
    url.search = query.toString()
    const resume = this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId }
    watchdog.expect(answerWithinMs)
    const response = await fetch(url, {
      headers: { ...address.headers, ...resume, accept: 'text/event-stream' },
      redirect: 'manual',
      signal: watchdog.signal,
    })
    if (response.status === 200 && response.body !== null && isEventStream(response)) return response.body
    await this.#refuse(response)
    return undefined
  }

  /** Decides what an answer that is no stream means: come back, stop, or give up. */
  async #refuse(response: Response): Promise<void> {
    const body = await response.text()
    // The standard's way of saying that there is nothing more to come.
    if (response.status === 204) this.isOver = true
    else if (isPassing(response.status)) {
      this.#why = readRefusal(response, body).detail
      this.#leastWaitMs = retryAfterMs(response.headers.get('retry-after'))
    } else if (response.status === 200) {
      throw new CliError(
        exitCode.refused,
        `${response.url} is no event stream; is --url the address of Tidings?`,
      )
    } else throw new CliError(exitCode.refused, readRefusal(response, body).detail)
  }

  async *#read(body: ReadableStream<Uint8Array>, watchdog: Watchdog): AsyncGenerator<readonly Followed[]> {
    let arrived: Followed[] = []
    const onId = (id: string) => {
      this.#lastId = id === '' ? undefined : id
    }
    const parser = new Parser(
      {
        onId,
        onRetry: (retryMs) => {
          this.#retryMs = retryMs
        },
        onMessage: (message) => {
          if (message.id !== undefined) onId(message.id)
          if (!this.#isControl(message)) arrived.push(this.#followed(message))
        },
      },
      { maxEventBytes },
    )
    const decoder = new TextDecoder()
    const reader = body.getReader()
    for (;;) {
      watchdog.expect(2 * this.#heartbeatMs)
      const { done, value } = await reader.read()
      // A reader of ours that is slow to take the events must not pass for a server that is silent.
      watchdog.rest()
      if (done) return
      feed(parser, decoder.decode(value, { stream: true }))
      if (arrived.length === 0) continue
      yield arrived
      arrived = []
    }
  }

  #followed({ type, topic, timeMs, data }: Message): Followed {
    return { id: this.#lastId ?? '', topic, timeMs, type, data }
  }

  #isControl({ type, data }: Message): boolean {
    if (type === 'connected') this.#connected(data)
    else if (type === 'gap') this.#following.onNotice(describeGap(data))
    else if (type === 'goodbye') this.#goodbye(data)
    else return type === 'live' || type === 'expiring'
    return true
  }

  #connected(data: string): void {
    const { heartbeatMs } = parseObject(data)
    if (typeof heartbeatMs === 'number' && heartbeatMs > 0) this.#heartbeatMs = heartbeatMs
    if (this.#failures > 0 && !this.#isRoutine) this.#following.onNotice('connected again')
    this.#isRoutine = false
    this.#failures = 0
    this.#downSince = undefined
    this.#why = 'the connection ended'
  }

  #goodbye(data: string): void {
    const { reason, reconnect, retryMs } = parseObject(data)
    this.#why = `the server said goodbye (${printable(String(reason))})`
    if (typeof retryMs === 'number') this.#leastWaitMs = retryMs
    this.#isRoutine = reason === 'max-age'
    if (reason === 'revoked') {
      throw new CliError(exitCode.refused, 'the server has taken back the right to this stream')
    }
    if (reconnect !== false) return
    this.isOver = true
    this.#following.onNotice(this.#why)
  }
}

function feed(parser: Parser, piece: string): void {
  try {
    parser.feed(piece)
  } catch (error) {
    if (!(error instanceof EventTooLargeError)) throw error
    throw new CliError(
      exitCode.refused,
      'the server sent an event without end; is --url the address of Tidings?',
    )
  }
}

function isEventStream(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') === true
}

function describeGap(data: string): string {
  const { reason, from, to, missed } = parseObject(data)
  const many = typeof missed === 'number' ? `at most ${missed} events of all topics` : 'events'
  return printable(`gap (${reason}): ${many} may be missing between ${from ?? 'the beginning'} and ${to}`)
}
