import {
  type Cursor,
  formatCursor,
  type GapReason,
  type GoodbyeReason,
  TidingsError,
  type TopicSet,
} from '@tidings/protocol'
import type { Access } from '../auth/access.ts'
import type { Frame } from '../hub/frame.ts'
import type { Hub } from '../hub/hub.ts'
import type { Interest, Listener, Wanted } from '../hub/interest.ts'
import type { Portion } from '../hub/portion.ts'
import {
  commentFrame,
  connectedFrame,
  expiringFrame,
  gapFrame,
  goodbyeFrame,
  heartbeatFrame,
  liveFrame,
  pastGapFrame,
} from './blocks.ts'
import type { Dated, Deadlines } from './deadlines.ts'
import { Detour, type Stretch } from './detour.ts'
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
  readonly deadlines: Deadlines
  readonly heartbeatMs: number
  /** How long before its end a stream is told of it; 0 for not at all. */
  readonly expiryNoticeMs: number
  /** When a client should come back, in milliseconds: another answer each time, so that not all come at once. */
  retryMs(): number
  /** The heartbeat of those who stand at the head. */
  headHeartbeat(): Frame
  /** Called once, when the connection is over. */
  onClosed(connection: Connection): void
}

/** For whom a stream is open. */
export interface Reader {
  readonly access: Access
  /** Whose presence it is, and whose limit it counts for; absent if nobody said. */
  readonly user: string | undefined
  /** Where it comes from, for the limit of streams an address; absent if that does not count. */
  readonly address: string | undefined
}

/** After how long a stream that needs the log asks again, while it is out of reach, in milliseconds. */
const unavailableMs = 500

/** What is wanted of the past of topics that are added: the events after a number, or why there are none. */
export type Past = { readonly topics: TopicSet } & ({ readonly after: number } | { readonly gap: GapReason })

/**
 * The part of the heartbeat interval after which a silent stream gets one. The wheel comes by four times in an
 * interval, so that the next time would be too late.
 */
const silentShare = 0.7

/**
 * The life of one response: a place in the log that moves forward. It is live while the place is the head, and
 * otherwise reads on, portion by portion, as fast as its client takes them.
 */
export class Connection implements Listener, SinkOwner, Waiting, Spoke, Dated {
  readonly clientId: string
  readonly user: string | undefined
  readonly address: string | undefined
  /** The API key that it was opened with. */
  readonly keyId: string | undefined
  readonly #around: Surroundings
  #access: Access
  /** When it is looked at next, by the clock on the wall: to say that its end is near, or to end. */
  #deadline: number | undefined
  #interest: Interest
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
  /** Topics that were added and have a past to be read first. */
  readonly #detours: Detour[] = []
  #isFull = false
  #isReading = false
  #isWaiting = false
  #hasBegun = false
  #isOver = false

  /**
   * @param openSink makes the sink of the response whose owner this is.
   * @param maxAgeMs after how long it says goodbye, so that dead peers and stale routes go.
   */
  constructor(
    around: Surroundings,
    clientId: string,
    { access, user, address }: Reader,
    wanted: Wanted,
    openSink: (owner: SinkOwner) => Sink,
    maxAgeMs: number,
  ) {
    this.clientId = clientId
    this.user = user
    this.address = address
    this.keyId = access.credential?.keyId
    this.#around = around
    this.#access = access
    this.#interest = around.hub.join(this, wanted)
    this.#lastTurn = around.wheel.turns + Math.ceil((maxAgeMs * 4) / around.heartbeatMs)
    this.#slot = around.wheel.add(this)
    this.#sink = openSink(this)
    this.#expectEnd()
  }

  /** Whether its client knows its name, and it is not over. */
  get isOpen(): boolean {
    return this.#hasBegun && !this.#isOver
  }

  /** What its client may do. */
  get access(): Access {
    return this.#access
  }

  /** What it wants, and may read of that. */
  get wanted(): Wanted {
    return this.#interest.wanted
  }

  /**
   * Goes on with other rights, e.g. those of a newer token.
   * @throws TidingsError `forbidden` if nothing of one of its topics could be read with them; it then goes on as it was.
   */
  renew(access: Access): void {
    const { wanted } = this.#interest
    const reading = access.reading(wanted.topics)
    this.#access = access
    this.#expectEnd()
    this.#want({ ...wanted, ...reading })
  }

  /**
   * Goes on with other topics.
   * @param past what of the past of those that are new is wanted.
   * @throws TidingsError `forbidden`; it then goes on as it was.
   * @returns the place from which on it has them; `undefined` if it is over.
   */
  amend(topics: TopicSet, past?: Past): Cursor | undefined {
    if (!this.isOpen) return undefined
    const { hub } = this.#around
    const before = this.#interest.wanted
    this.#want({ ...before, topics, ...this.#access.reading(topics) })
    const from = this.#place ?? hub.head
    if (past === undefined) return from
    if ('gap' in past) this.#write(pastGapFrame(past.gap, from, null))
    else
      this.#takeDetour(
        new Detour(hub, past.topics, before.topics, { after: past.after, upTo: from.seq }),
        from,
      )
    return from
  }

  /** Finds where the stream begins, says so, and goes. */
  async start(beginning: Beginning): Promise<void> {
    try {
      const start = await findStart(this.#around.hub, this.#interest, beginning)
      if (!this.#isOver) this.#begin(start)
    } catch (error) {
      // A log that has failed tells its owner itself.
      this.goodbye(isUnavailable(error) ? 'storage-unavailable' : 'storage-failed')
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
    this.#around.deadlines.sweep()
    if (this.#isOver || this.#isFull || this.#isReading || this.#place === undefined) return
    const { hub } = this.#around
    if (this.#place.epoch !== hub.head.epoch) {
      this.#tellGap('epoch', this.#place, hub.head)
      this.#place = hub.head
      this.#detours.length = 0
      this.#goOn()
      return
    }
    if (this.#detours.length > 0) {
      this.#await(this.#detours[0]!.read(this.#interest), (stretch) => this.#followDetour(stretch))
      return
    }
    const portion = hub.next(this.#interest, this.#place)
    if (portion instanceof Promise) this.#await(portion, (read) => this.#take(read))
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

  onDeadline(now: number): void {
    const { expiresAt = now } = this.#access
    this.#deadline = undefined
    if (expiresAt <= now) {
      this.goodbye('expired')
      return
    }
    this.#deadline = expiresAt
    this.#around.deadlines.add(this, expiresAt)
    if (!this.#isOver && !this.#isFull && this.#hasBegun) this.#write(expiringFrame(expiresAt, now))
  }

  onClose(): void {
    this.#isOver = true
    this.#forgetEnd()
    this.#slot.delete(this)
    this.#around.hub.leave(this, this.#interest)
    this.#around.onClosed(this)
  }

  /** Ends the stream in order, and says why. */
  goodbye(reason: GoodbyeReason): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#interest.live.delete(this)
    // Who was sent away would only be sent away again.
    const reconnect = reason !== 'revoked'
    this.#sink.end(goodbyeFrame({ reason, reconnect, retryMs: this.#around.retryMs() }))
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
    this.#hasBegun = true
    if (start.gap !== undefined) this.#tellGap(start.gap.reason, start.gap.from, start.place)
    this.#announcesLive = start.isReplay
    this.#place = start.place
    this.#goOn()
  }

  /** Another turn comes when the log has been read. */
  #await<Read>(reading: Promise<Read>, take: (read: Read) => void): void {
    const interest = this.#interest
    this.#isReading = true
    reading.then(
      (read) => {
        this.#isReading = false
        this.#around.deadlines.sweep()
        if (this.#isOver) return
        // What was read was for other wishes, or for other rights.
        if (interest === this.#interest) take(read)
        else this.#askTurn()
      },
      (error) => {
        this.#isReading = false
        if (isUnavailable(error)) setTimeout(() => this.#askTurn(), unavailableMs)
        else this.goodbye('storage-failed')
      },
    )
  }

  /** Waits where it stands, and reads the past of added topics first. */
  #takeDetour(detour: Detour, from: Cursor): void {
    if (this.#interest.live.delete(this)) this.#replayed = 0
    this.#place = from
    this.#detours.push(detour)
    this.#announcesLive = true
    this.#askTurn()
  }

  #followDetour({ frame, reached, isEnd, missed }: Stretch): void {
    const detour = this.#detours[0]!
    detour.place = reached
    if (isEnd) this.#detours.shift()
    if (missed > 0) this.#write(pastGapFrame('trimmed', this.#place!, missed))
    if (frame !== undefined) {
      this.#replayed += frame.events
      this.#write(frame)
    }
    this.#askTurn()
  }

  #want(wanted: Wanted): void {
    const { hub } = this.#around
    const before = this.#interest
    const isLive = before.live.has(this)
    // In this order, so that nobody who watches a topic of both sees it lost.
    this.#interest = hub.join(this, wanted)
    if (this.#interest === before) return
    hub.leave(this, before)
    if (isLive) this.#interest.live.add(this)
  }

  #expectEnd(): void {
    this.#forgetEnd()
    const { expiresAt } = this.#access
    if (expiresAt === undefined || this.#isOver) return
    const left = expiresAt - Date.now()
    // A token that is short-lived itself has a notice that is shorter.
    const notice = Math.min(this.#around.expiryNoticeMs, left / 2)
    this.#deadline = notice > 0 ? expiresAt - notice : expiresAt
    this.#around.deadlines.add(this, this.#deadline)
  }

  #forgetEnd(): void {
    if (this.#deadline !== undefined) this.#around.deadlines.delete(this, this.#deadline)
    this.#deadline = undefined
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
    if (this.#detours.length > 0 || !isSamePlace(this.#place!, hub.head)) {
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

/** Whether the log may be back in a moment. */
function isUnavailable(error: unknown): boolean {
  return error instanceof TidingsError && error.code === 'storage_unavailable'
}

/** Whether a place may be shown to the client: see `unknownTag`. */
function isKnown(place: Cursor | undefined): place is Cursor {
  return place !== undefined && place.tag !== unknownTag
}

function isSamePlace(a: Cursor, b: Cursor): boolean {
  return a.seq === b.seq && a.epoch === b.epoch
}
