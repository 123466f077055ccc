import type { Connected, Expiring, Gap, Goodbye } from '@tidings/protocol'
import type { Arrival } from './arrival.ts'
import { parsePayload } from './payload.ts'

/** How a subscription is connected just now. */
export type Phase = 'connecting' | 'connected' | 'reconnecting' | 'closed'

/** What happened between losing the server and being live again. */
export interface Absence {
  readonly ms: number
  /** How many events came late, by type. */
  readonly missed: ReadonlyMap<string, number>
}

/** What a subscription tells. */
export interface SubscriptionListener {
  arrived(arrival: Arrival): void
  /** The phase is another one. */
  changed(): void
  /** All that was missed has arrived. */
  returned(absence: Absence): void
  /** Something may be missing for good. */
  lost(gap: Gap): void
  /** The permission ends soon, unless it is renewed. */
  expiring?(expiring: Expiring): void
  /** The permission has ended, or was taken back. */
  ended(reason: Ending): void
  /** The server answered, but with no stream. */
  refused(): void
}

/** Why a stream does not go on by itself: its permission is over. */
export type Ending = 'expired' | 'revoked'

/** When to come back after the browser gave up, in milliseconds: it does so on any answer but 200. */
const firstPauseMs = 1_000
const longestPauseMs = 15_000
const watchEveryMs = 2_000

/**
 * Topics, types and a place in the log, over as many connections as it takes. The browser's EventSource brings
 * back most of them by itself; this class does the rest: it can be closed and opened again at the same place,
 * it comes back after an error status, and it notices a connection that has gone silent.
 */
export class Subscription {
  readonly #query: readonly (readonly [string, string])[]
  readonly #types: Set<string>
  readonly #listener: SubscriptionListener
  readonly #silentAfterMs: number
  #source: EventSource | undefined
  #clientId: string | undefined
  #phase: Phase = 'closed'
  #lastId: string | undefined
  #lastAtMs: number | undefined
  /** When anything arrived that this page can see, or the connection was begun. */
  #contactMs = 0
  #received = 0
  #awaySinceMs: number | undefined
  #missed: Map<string, number> | undefined
  #pauseMs = firstPauseMs
  #return = 0
  #watch = 0

  /**
   * @param query parameters of `GET /events`: topics and types.
   * @param silentAfterMs how long a living connection of these topics can bring no event; infinite unless told.
   */
  constructor(
    query: readonly (readonly [string, string])[],
    types: Iterable<string>,
    listener: SubscriptionListener,
    silentAfterMs = Number.POSITIVE_INFINITY,
  ) {
    this.#query = query
    this.#types = new Set(types)
    this.#listener = listener
    this.#silentAfterMs = silentAfterMs
  }

  get phase(): Phase {
    return this.#phase
  }

  /** The id of the newest event: the place to resume from. */
  get lastId(): string | undefined {
    return this.#lastId
  }

  /** When the newest event arrived, in milliseconds since 1970. */
  get lastAtMs(): number | undefined {
    return this.#lastAtMs
  }

  /** Events received, without the server's control events. */
  get received(): number {
    return this.#received
  }

  /** Since when the server is away, in milliseconds since 1970; `undefined` while it is not. */
  get awaySinceMs(): number | undefined {
    return this.#awaySinceMs
  }

  /** Whether it is meant to be connected, if it can. */
  get isOpen(): boolean {
    return this.#phase !== 'closed'
  }

  /** Connects. @param lastId where to go on from; where it was, unless told. */
  open(lastId = this.#lastId): void {
    if (this.isOpen) return
    this.#lastId = lastId
    this.#watch = window.setInterval(() => this.#checkSilence(), watchEveryMs)
    this.#connect(this.#awaySinceMs === undefined ? 'connecting' : 'reconnecting')
  }

  /** Disconnects, and remembers the place. */
  close(): void {
    if (!this.isOpen) return
    clearInterval(this.#watch)
    this.#disconnect()
    this.#awaySinceMs ??= Date.now()
    this.#enter('closed')
  }

  /** Lets the open stream go on under the session that the reader has now; without a gap, if the server can. */
  async renew(): Promise<void> {
    if (this.#phase !== 'connected' || this.#clientId === undefined) return
    const path = `/streams/${this.#clientId}/token`
    const answer = await fetch(path, { method: 'POST' }).catch(() => undefined)
    if (!answer?.ok && this.#phase === 'connected') this.#connect('reconnecting')
  }

  /** Takes events of another type too. EventSource hands out only types that it was asked for. */
  listen(type: string): void {
    if (this.#types.has(type)) return
    this.#types.add(type)
    this.#source?.addEventListener(type, this.#take)
  }

  #connect(phase: Phase): void {
    this.#disconnect()
    this.#enter(phase)
    const query = new URLSearchParams(this.#query.map((pair) => [...pair]))
    if (this.#lastId !== undefined) query.set('lastEventId', this.#lastId)
    const source = new EventSource(`/events?${query}`)
    source.addEventListener('connected', (event) => this.#begin(event))
    source.addEventListener('live', () => this.#finish())
    source.addEventListener('gap', (event) => this.#lose(JSON.parse(event.data) as Gap))
    source.addEventListener('expiring', (event) =>
      this.#listener.expiring?.(JSON.parse(event.data) as Expiring),
    )
    source.addEventListener('goodbye', (event) => this.#part(JSON.parse(event.data) as Goodbye))
    source.addEventListener('error', () => this.#fail(source))
    for (const type of this.#types) source.addEventListener(type, this.#take)
    this.#source = source
    this.#contactMs = Date.now()
  }

  #disconnect(): void {
    clearTimeout(this.#return)
    this.#source?.close()
    this.#source = undefined
  }

  #begin(event: MessageEvent<string>): void {
    this.#pauseMs = firstPauseMs
    this.#contactMs = Date.now()
    this.#clientId = (JSON.parse(event.data) as Connected).clientId
    const isResuming = this.#lastId !== undefined
    this.#lastId = event.lastEventId
    if (this.#awaySinceMs !== undefined) this.#missed ??= new Map()
    this.#enter('connected')
    // `live` ends what was missed. Who brought no place to resume from gets none, and has missed nothing.
    if (!isResuming) this.#finish()
  }

  #lose(gap: Gap): void {
    // How much came meanwhile can no longer be told.
    this.#awaySinceMs = undefined
    this.#missed = undefined
    this.#listener.lost(gap)
  }

  #finish(): void {
    const [since, missed] = [this.#awaySinceMs, this.#missed]
    this.#awaySinceMs = undefined
    this.#missed = undefined
    if (since !== undefined && missed !== undefined) {
      this.#listener.returned({ ms: Date.now() - since, missed })
    }
  }

  readonly #take = (event: MessageEvent<string>): void => {
    const { type, lastEventId: id } = event
    this.#lastId = id
    this.#contactMs = Date.now()
    this.#lastAtMs = this.#contactMs
    this.#received += 1
    this.#missed?.set(type, (this.#missed.get(type) ?? 0) + 1)
    this.#listener.arrived({
      id,
      type,
      data: parsePayload(event.data),
      atMs: this.#lastAtMs,
      isReplayed: this.#missed !== undefined,
    })
  }

  #part({ reason, reconnect }: Goodbye): void {
    const hasEnded = reason === 'expired' || reason === 'revoked'
    // To come back without a new permission would only be refused.
    if (hasEnded || !reconnect) this.close()
    if (hasEnded) this.#listener.ended(reason)
  }

  #fail(source: EventSource): void {
    this.#awaySinceMs ??= Date.now()
    this.#enter('reconnecting')
    if (source.readyState !== EventSource.CLOSED) return
    this.#listener.refused()
    clearTimeout(this.#return)
    // Half of the pause is random, so that a thousand open pages do not come back in one instant.
    this.#return = window.setTimeout(
      () => this.#connect('reconnecting'),
      this.#pauseMs * (0.5 + Math.random() / 2),
    )
    this.#pauseMs = Math.min(longestPauseMs, 2 * this.#pauseMs)
  }

  /** A network that swallows packets sends no error: only the silence tells. */
  #checkSilence(): void {
    if (this.#phase !== 'connected' || Date.now() - this.#contactMs < this.#silentAfterMs) return
    this.#awaySinceMs ??= this.#contactMs
    this.#connect('reconnecting')
  }

  #enter(phase: Phase): void {
    if (phase === this.#phase) return
    this.#phase = phase
    this.#listener.changed()
  }
}
