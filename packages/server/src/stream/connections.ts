import { type Cursor, type GoodbyeReason, randomBase36 } from '@tidings/protocol'
import type { Frame } from '../hub/frame.ts'
import type { Hub } from '../hub/hub.ts'
import type { Wanted } from '../hub/interest.ts'
import { goodbyeFrame, heartbeatFrame } from './blocks.ts'
import { Connection, type Surroundings } from './connection.ts'
import type { Sink, SinkOwner } from './sink/sink.ts'
import { Turns } from './turns.ts'
import { Wheel } from './wheel.ts'

/** Bounds and times of all streams together. */
export interface ConnectionsOptions {
  readonly heartbeatMs: number
  readonly retryMs: number
  readonly maxConnections: number
  readonly maxConnectionsPerUser: number
  readonly maxConnectionAgeMs: number
}

/** How long streams that catch up may keep the event loop: half of what live events may be late by at ease. */
const sliceMs = 4

/** Steps in which a drain closes streams. */
const drainStepMs = 50

/** The part of the drain in which goodbyes are said; the rest is for the last bytes to get through. */
const drainShare = 0.8

/** All open streams of a process. */
export class Connections implements Surroundings {
  readonly hub: Hub
  readonly turns = new Turns(sliceMs)
  readonly wheel: Wheel
  readonly heartbeatMs: number
  readonly #options: ConnectionsOptions
  readonly #open = new Set<Connection>()
  #draining: Promise<void> | undefined
  #hasFailed = false
  #onEmpty: (() => void) | undefined
  #heartbeat: { readonly place: Cursor; readonly frame: Frame } | undefined

  constructor(hub: Hub, options: ConnectionsOptions) {
    this.hub = hub
    this.heartbeatMs = options.heartbeatMs
    this.wheel = new Wheel(options.heartbeatMs / 4)
    this.#options = options
  }

  get size(): number {
    return this.#open.size
  }

  get isDraining(): boolean {
    return this.#draining !== undefined
  }

  /** Why a stream for this user can't be opened now; absent if it can. */
  refusal(user: string | undefined): GoodbyeReason | undefined {
    if (this.#hasFailed) return 'storage-failed'
    if (this.isDraining) return 'drain'
    const { maxConnections, maxConnectionsPerUser } = this.#options
    if (this.#open.size >= maxConnections) return 'overloaded'
    const isUserFull = user !== undefined && this.hub.presence.streamsOf(user) >= maxConnectionsPerUser
    return isUserFull ? 'overloaded' : undefined
  }

  /** What a refused stream is told: a native EventSource gives up for ever on an error, but comes back on this. */
  farewell(reason: GoodbyeReason): Frame {
    return goodbyeFrame({ reason, reconnect: true, retryMs: this.retryMs() })
  }

  /**
   * Opens a stream; it says nothing before it is started.
   * @param openSink makes the sink of the response whose owner is the connection.
   */
  open(user: string | undefined, wanted: Wanted, openSink: (owner: SinkOwner) => Sink): Connection {
    // Not all dead peers of one deploy at the same moment.
    const age = this.#options.maxConnectionAgeMs * (0.8 + 0.2 * Math.random())
    const connection = new Connection(this, { clientId: randomBase36(12), user }, wanted, openSink, age)
    this.#open.add(connection)
    if (user !== undefined) this.hub.presence.enter(user)
    return connection
  }

  retryMs(): number {
    return Math.round(this.#options.retryMs * (1 + Math.random()))
  }

  headHeartbeat(): Frame {
    const place = this.hub.head
    if (this.#heartbeat?.place !== place) this.#heartbeat = { place, frame: heartbeatFrame(place) }
    return this.#heartbeat.frame
  }

  onClosed(connection: Connection): void {
    if (!this.#open.delete(connection)) return
    if (connection.user !== undefined) this.hub.presence.leave(connection.user)
    if (this.#open.size === 0) this.#onEmpty?.()
  }

  /**
   * From now on refuses new streams; says goodbye to all others, spread over the time, and cuts those that are
   * left at its end.
   */
  drain(drainMs: number): Promise<void> {
    this.#draining ??= this.#drain(drainMs)
    return this.#draining
  }

  /** The log can no longer be trusted: ends every stream at once, and says so (§5.6). */
  fail(): void {
    this.#hasFailed = true
    for (const connection of [...this.#open]) connection.goodbye('storage-failed')
  }

  async #drain(drainMs: number): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
      if (this.#open.size === 0) resolve()
    })
    const steps = Math.max(1, Math.floor((drainMs * drainShare) / drainStepMs))
    const leaving = [...this.#open]
    const perStep = Math.ceil(leaving.length / steps)
    const sayGoodbye = () => {
      for (const connection of leaving.splice(0, perStep)) connection.goodbye('drain')
    }
    sayGoodbye()
    const stepping = setInterval(sayGoodbye, drainStepMs)
    const cutting = setTimeout(() => {
      for (const connection of this.#open) connection.cut()
    }, drainMs)
    await empty
    clearInterval(stepping)
    clearTimeout(cutting)
    this.wheel.close()
  }
}
