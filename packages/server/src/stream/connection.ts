import { type Cursor, formatCursor, type GapReason, type GoodbyeReason } from '@tidings/protocol'
import type { Frame } from '../hub/frame.ts'
import type { Hub } from '../hub/hub.ts'
import type { Interest, Listener, Wanted } from '../hub/interest.ts'
import type { Portion } from '../hub/portion.ts'
import { commentFrame, connectedFrame, gapFrame, goodbyeFrame, heartbeatFrame, liveFrame } from './blocks.ts'
import type { Sink, SinkOwner } from './sink/sink.ts'
import { type Beginning, findStart, type Start, unknownTag } from './start.ts'
import type { Turns, Waiting } from './turns.ts'
import type { Spoke, Wheel } from './wheel.ts'

/** What all connections of a process share. */
export interface Surroundings {
  readonly hub: Hub
  readonly turns: Turns
  /** Turns four times in a heartbeat. */
  readonly wheel: Wheel
  readonly heartbeatMs: number
  /** When a client should come back, in milliseconds: another answer each time, so that not all come at once. */
  retryMs(): number
  /** The heartbeat of those who stand at the head. */
  headHeartbeat(): Frame
  /** Called once, when the connection is over. */
  onClosed(connection: Connection): void
}

/**
 * The part of the heartbeat interval after which a silent stream gets one. The wheel comes by four times in an
 * interval, so that the next time would be too late.
 */
const silentShare = 0.7

/**
 * The life of one response: a place in the log that moves forward. It is live while the place is the head, and
 * otherwise reads on, portion by portion, as fast as its client takes them.
 */
export class Connection implements Listener, SinkOwner, Waiting, Spoke {
  readonly clientId: string
  /** Who it is for; absent if nobody said. */
  readonly user: string | undefined
  readonly #around: Surroundings
  readonly #interest: Interest
  readonly #sink: Sink
  readonly #slot: Set<Spoke>
  /** Turn of the wheel at which it has lived long enough. */
  readonly #lastTurn: number
  /** Where it stands; absent before the start, and while it is live: then it stands at the head. */
  #place: Cursor | undefined
  /** When it last wrote something of its own, in milliseconds of `performance.now`. */
  #wroteAt = performance.now()
  #replayed = 0
  #announcesLive = false
  #isFull = false
  #isReading = false
  #isWaiting = false
  #isOver = false

  /**
   * @param openSink makes the sink of the response whose owner this is.
   * @param maxAgeMs after how long it says goodbye, so that dead peers and stale routes go.
   */
  constructor(
    around: Surroundings,
    who: { readonly clientId: string; readonly user: string | undefined },
    wanted: Wanted,
    openSink: (owner: SinkOwner) => Sink,
    maxAgeMs: number,
  ) {
    this.clientId = who.clientId
    this.user = who.user
    this.#around = around
    this.#interest = around.hub.join(this, wanted)
    this.#lastTurn = around.wheel.turns + Math.ceil((maxAgeMs * 4) / around.heartbeatMs)
    this.#slot = around.wheel.add(this)
    this.#sink = openSink(this)
  }

  /** Finds where the stream begins, says so, and goes. */
  async start(beginning: Beginning): Promise<void> {
    try {
      const start = await findStart(this.#around.hub, this.#interest, beginning)
      if (!this.#isOver) this.#begin(start)
    } catch {
      // The log has failed, which its owner learns from the log itself.
      this.goodbye('storage-failed')
    }
  }

  deliver(frame: Frame): boolean {
    if (this.#sink.write(frame)) return true
    this.#isFull = true
    this.#place = this.#around.hub.head
    return false
  }

  fallBehind(place: Cursor): void {
    this.#place = place
    this.#askTurn()
  }

  changeEpoch(from: Cursor, to: Cursor): void {
    // Whoever is behind finds out at the next turn, from the epoch of its place.
    if (this.#interest.live.has(this)) this.#tellGap('epoch', from, to)
  }

  takeTurn(): void {
    this.#isWaiting = false
    if (this.#isOver || this.#isFull || this.#isReading || this.#place === undefined) return
    const { hub } = this.#around
    if (this.#place.epoch !== hub.head.epoch) {
      this.#tellGap('epoch', this.#place, hub.head)
      this.#place = hub.head
      this.#goOn()
      return
    }
    const portion = hub.next(this.#interest, this.#place)
    if (portion instanceof Promise) this.#await(portion)
    else this.#take(portion)
  }

  onRoom(): void {
    this.#isFull = false
    if (this.#place !== undefined) this.#goOn()
  }

  onTick(): void {
    const { wheel, heartbeatMs } = this.#around
    if (wheel.turns >= this.#lastTurn) this.goodbye('max-age')
    if (this.#isOver || this.#isFull) return
    const isLive = this.#interest.live.has(this)
    const lastAt = isLive ? Math.max(this.#wroteAt, this.#interest.deliveredAt) : this.#wroteAt
    if (performance.now() - lastAt < heartbeatMs * silentShare) return
    if (isLive) this.#write(this.#around.headHeartbeat())
    else this.#write(isKnown(this.#place) ? heartbeatFrame(this.#place) : commentFrame)
  }

  onClose(): void {
    this.#isOver = true
    this.#slot.delete(this)
    this.#around.hub.leave(this, this.#interest)
    this.#around.onClosed(this)
  }

  /** Ends the stream in order, and says why. */
  goodbye(reason: GoodbyeReason): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#interest.live.delete(this)
    this.#sink.end(goodbyeFrame({ reason, reconnect: true, retryMs: this.#around.retryMs() }))
  }

  /** Ends the stream at once. */
  cut(): void {
    this.#isOver = true
    this.#sink.destroy()
  }

  #begin(start: Start): void {
    const { hub, heartbeatMs } = this.#around
    const cursor = formatCursor(hub.head)
    const connected = { clientId: this.clientId, resumed: start.isResumed, cursor, heartbeatMs }
    // Before a gap, no id: a client that is cut between the two would come back from beyond what it was not told.
    const place = start.gap === undefined && isKnown(start.place) ? start.place : undefined
    this.#write(connectedFrame(connected, place, this.#around.retryMs()))
    if (start.gap !== undefined) this.#tellGap(start.gap.reason, start.gap.from, start.place)
    this.#announcesLive = start.isReplay
    this.#place = start.place
    this.#goOn()
  }

  /** Another turn comes when the log has been read. */
  #await(portion: Promise<Portion>): void {
    this.#isReading = true
    portion.then(
      (read) => {
        this.#isReading = false
        this.#take(read)
      },
      () => this.goodbye('storage-failed'),
    )
  }

  #take(portion: Portion): void {
    if (this.#isOver) return
    const place = this.#place!
    // A new epoch began while the log was read: the next turn tells.
    if (place.epoch !== this.#around.hub.head.epoch) {
      this.#askTurn()
      return
    }
    // Who asked for the last few has missed nothing, however few are left.
    if (portion.floor.seq > place.seq && isKnown(place)) this.#tellGap('trimmed', place, portion.floor)
    if (portion.frame !== undefined) {
      this.#replayed += portion.frame.events
      this.#write(portion.frame)
    }
    this.#place = portion.reached
    this.#goOn()
  }

  /** Joins the live ones if it stands at the head, and asks for another turn if not. */
  #goOn(): void {
    if (this.#isFull || this.#isOver) return
    const { hub } = this.#around
    if (!isSamePlace(this.#place!, hub.head)) {
      this.#askTurn()
      return
    }
    if (this.#announcesLive) {
      this.#announcesLive = false
      if (!this.#write(liveFrame(hub.head, this.#replayed))) return
    }
    this.#place = undefined
    this.#interest.live.add(this)
  }

  #askTurn(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#around.turns.ask(this)
  }

  #tellGap(reason: GapReason, from: Cursor | undefined, to: Cursor): void {
    this.#write(gapFrame(reason, isKnown(from) ? from : undefined, to))
  }

  #write(frame: Frame): boolean {
    this.#wroteAt = performance.now()
    this.#around.hub.count(frame, 1)
    const hasRoom = this.#sink.write(frame)
    if (!hasRoom) this.#isFull = true
    return hasRoom
  }
}

/** Whether a place may be shown to the client: see `unknownTag`. */
function isKnown(place: Cursor | undefined): place is Cursor {
  return place !== undefined && place.tag !== unknownTag
}

function isSamePlace(a: Cursor, b: Cursor): boolean {
  return a.seq === b.seq && a.epoch === b.epoch
}
