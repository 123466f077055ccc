import { type Cursor, type GoodbyeReason, randomBase36 } from '@tidings/protocol'
import type { Access } from '../auth/access.ts'
import type { Frame } from '../hub/frame.ts'
import type { Hub } from '../hub/hub.ts'
import type { Wanted } from '../hub/interest.ts'
import { Tally } from '../hub/tally.ts'
import { goodbyeFrame, heartbeatFrame } from './blocks.ts'
import { Connection, type Reader, type Surroundings } from './connection.ts'
import { Deadlines } from './deadlines.ts'
import type { Sink, SinkOwner } from './sink/sink.ts'
import { Turns } from './turns.ts'
import { Wheel } from './wheel.ts'

/** Bounds and times of all streams together. */
export interface ConnectionsOptions {
  readonly heartbeatMs: number
  readonly retryMs: number
  readonly expiryNoticeMs: number
  readonly maxConnections: number
  readonly maxConnectionsPerUser: number
  readonly maxConnectionsPerKey: number
  readonly maxConnectionsPerAddress: number
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
  readonly deadlines = new Deadlines()
  readonly heartbeatMs: number
  readonly expiryNoticeMs: number
  readonly #options: ConnectionsOptions
  readonly #processId: string
  readonly #open = new Map<string, Connection>()
  readonly #keys = new Tally()
  readonly #addresses = new Tally()
  #draining: Promise<void> | undefined
  #hasFailed = false
  #onEmpty: (() => void) | undefined
  #heartbeat: { readonly place: Cursor; readonly frame: Frame } | undefined

  /** @param processId what the names of all streams of this process begin with, so that others find it by them. */
  constructor(hub: Hub, options: ConnectionsOptions, processId: string) {
    this.hub = hub
    this.heartbeatMs = options.heartbeatMs
    this.expiryNoticeMs = options.expiryNoticeMs
    this.wheel = new Wheel(options.heartbeatMs / 4)
    this.#options = options
    this.#processId = processId
    hub.beforeShowing(() => this.deadlines.sweep())
  }

  get size(): number {
    return this.#open.size
  }

  get isDraining(): boolean {
    return this.#draining !== undefined
  }

  /** Why a stream for this reader can't be opened now; absent if it can. */
  refusal({ user, access, address }: Reader): GoodbyeReason | undefined {
    if (this.#hasFailed) return 'storage-failed'
    if (this.isDraining) return 'drain'
    const { maxConnections, maxConnectionsPerUser, maxConnectionsPerKey, maxConnectionsPerAddress } =
      this.#options
    const isFull =
      this.#open.size >= maxConnections ||
      isAtLimit(this.hub.presence, user, maxConnectionsPerUser) ||
      isAtLimit(this.#keys, access.credential?.keyId, maxConnectionsPerKey) ||
      isAtLimit(this.#addresses, address, maxConnectionsPerAddress)
    return isFull ? 'overloaded' : undefined
  }

  /** What a refused stream is told: a native EventSource gives up for ever on an error, but comes back on this. */
  farewell(reason: GoodbyeReason): Frame {
    return goodbyeFrame({ reason, reconnect: true, retryMs: this.retryMs() })
  }

  /**
   * Opens a stream; it says nothing before it is started.
   * @param openSink makes the sink of the response whose owner is the connection.
   */
  open(reader: Reader, wanted: Wanted, openSink: (owner: SinkOwner) => Sink): Connection {
    // Not all dead peers of one deploy at the same moment.
    const age = this.#options.maxConnectionAgeMs * (0.8 + 0.2 * Math.random())
    const clientId = this.#processId + randomBase36(12)
    const connection = new Connection(this, clientId, reader, wanted, openSink, age)
    this.#open.set(connection.clientId, connection)
    for (const [tally, name] of this.#countsOf(connection)) if (name !== undefined) tally.add(name)
    return connection
  }

  /** The open stream of this name, if its client knows it. */
  find(clientId: string): Connection | undefined {
    const connection = this.#open.get(clientId)
    return connection?.isOpen ? connection : undefined
  }

  /**
   * Ends the streams that are chosen, and tells them not to come back.
   * @returns how many.
   */
  revoke(isChosen: (access: Access, clientId: string) => boolean): number {
    const chosen = [...this.#open.values()].filter(({ access, clientId }) => isChosen(access, clientId))
    for (const connection of chosen) connection.goodbye('revoked')
    return chosen.length
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
    if (!this.#open.delete(connection.clientId)) return
    for (const [tally, name] of this.#countsOf(connection)) if (name !== undefined) tally.remove(name)
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
    for (const connection of [...this.#open.values()]) connection.goodbye('storage-failed')
  }

  async #drain(drainMs: number): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
      if (this.#open.size === 0) resolve()
    })
    const steps = Math.max(1, Math.floor((drainMs * drainShare) / drainStepMs))
    const leaving = [...this.#open.values()]
    const perStep = Math.ceil(leaving.length / steps)
    const sayGoodbye = () => {
      for (const connection of leaving.splice(0, perStep)) connection.goodbye('drain')
    }
    sayGoodbye()
    const stepping = setInterval(sayGoodbye, drainStepMs)
    const cutting = setTimeout(() => {
      for (const connection of this.#open.values()) connection.cut()
    }, drainMs)
    await empty
    clearInterval(stepping)
    clearTimeout(cutting)
    this.wheel.close()
    this.deadlines.close()
  }

  #countsOf({ user, keyId, address }: Connection): readonly (readonly [Tally, string | undefined])[] {
    return [
      [this.hub.presence, user],
      [this.#keys, keyId],
      [this.#addresses, address],
    ]
  }
}

function isAtLimit(tally: Tally, name: string | undefined, limit: number): boolean {
  return name !== undefined && tally.of(name) >= limit
}
