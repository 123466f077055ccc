import {
  type Cursor,
  formatCursor,
  type GapReason,
  type GoodbyeReason,
  type TopicSet,
} from '@tidings/protocol'
import type { Access } from '../auth/access.ts'
import type { Frame } from '../hub/frame.ts'
import type { Wanted } from '../hub/interest.ts'
import { isUnavailable } from '../log/refusals.ts'
import {
  commentFrame,
  connectedFrame,
  expiringFrame,
  goodbyeFrame,
  heartbeatFrame,
  pastGapFrame,
} from './blocks.ts'
import { Course, type CourseOwner, type CourseSurroundings } from './course.ts'
import type { Dated } from './deadlines.ts'
import { Detour } from './detour.ts'
import type { Sink, SinkOwner } from './sink/sink.ts'
import { type Beginning, findStart, isKnown, type Start } from './start.ts'
import type { Spoke, Wheel } from './wheel.ts'

/** What all connections of a process share. */
export interface Surroundings extends CourseSurroundings {
  /** Turns four times in a heartbeat. */
  readonly wheel: Wheel
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

/** What is wanted of the past of topics that are added: the events after a number, or why there are none. */
export type Past = { readonly topics: TopicSet } & ({ readonly after: number } | { readonly gap: GapReason })

/**
 * The part of the heartbeat interval after which a silent stream gets one. The wheel comes by four times in an
 * interval, so that the next time would be too late.
 */
const silentShare = 0.7

/**
 * The life of one response: who reads, with which rights, how it begins, when it is silent and when it ends. What it
 * reads, and up to where, is its course.
 */
export class Connection implements CourseOwner, SinkOwner, Spoke, Dated {
  readonly clientId: string
  readonly user: string | undefined
  readonly address: string | undefined
  /** The API key that it was opened with. */
  readonly keyId: string | undefined
  readonly #around: Surroundings
  readonly #course: Course
  readonly #slot: Set<Spoke>
  /** Turn of the wheel at which it has lived long enough. */
  readonly #lastTurn: number
  #access: Access
  /** When it is looked at next, by the clock on the wall: to say that its end is near, or to end. */
  #deadline: number | undefined
  #hasBegun = false

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
    this.#lastTurn = around.wheel.turns + Math.ceil((maxAgeMs * 4) / around.heartbeatMs)
    this.#course = new Course(around, this, wanted, () => openSink(this))
    this.#slot = around.wheel.add(this)
    this.#expectEnd()
  }

  /** Whether its client knows its name, and it is not over. */
  get isOpen(): boolean {
    return this.#hasBegun && !this.#course.isOver
  }

  /** What its client may do. */
  get access(): Access {
    return this.#access
  }

  /** What it wants, and may read of that. */
  get wanted(): Wanted {
    return this.#course.interest.wanted
  }

  /**
   * Goes on with other rights, e.g. those of a newer token.
   * @throws TidingsError `forbidden` if nothing of one of its topics could be read with them; it then goes on as it was.
   */
  renew(access: Access): void {
    const { wanted } = this
    const reading = access.reading(wanted.topics)
    this.#access = access
    this.#expectEnd()
    this.#course.want({ ...wanted, ...reading })
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
    const before = this.wanted
    this.#course.want({ ...before, topics, ...this.#access.reading(topics) })
    const from = this.#course.place ?? hub.head
    const told = this.#course.tellablePlace
    if (past === undefined) return told
    if ('gap' in past) this.#course.write(pastGapFrame(past.gap, told, null))
    else {
      const range = { after: past.after, upTo: from.seq }
      this.#course.takeDetour(new Detour(hub, past.topics, before.topics, range), from)
    }
    return told
  }

  /** Finds where the stream begins, says so, and goes. */
  async start(beginning: Beginning): Promise<void> {
    try {
      const start = await findStart(this.#around.hub, this.#course.interest, beginning)
      if (!this.#course.isOver) this.#begin(start)
    } catch (error) {
      // A log that has failed tells its owner itself.
      this.goodbye(isUnavailable(error) ? 'storage-unavailable' : 'storage-failed')
    }
  }

  onFailed(): void {
    this.goodbye('storage-failed')
  }

  onRoom(): void {
    this.#course.onRoom()
  }

  onTick(): void {
    const { wheel, heartbeatMs } = this.#around
    if (wheel.turns >= this.#lastTurn) this.goodbye('max-age')
    const course = this.#course
    if (!course.hasRoom || performance.now() - course.sentAt < heartbeatMs * silentShare) return
    const { place } = course
    if (course.isLive) course.write(this.#around.headHeartbeat())
    else course.write(isKnown(place) ? heartbeatFrame(place) : commentFrame)
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
    if (this.#hasBegun && this.#course.hasRoom) this.#course.write(expiringFrame(expiresAt, now))
  }

  onClose(): void {
    this.#forgetEnd()
    this.#slot.delete(this)
    this.#course.leave()
    this.#around.onClosed(this)
  }

  /** Ends the stream in order, and says why. */
  goodbye(reason: GoodbyeReason): void {
    if (this.#course.isOver) return
    // Who was sent away would only be sent away again.
    const reconnect = reason !== 'revoked'
    this.#course.end(goodbyeFrame({ reason, reconnect, retryMs: this.#around.retryMs() }))
  }

  /** Ends the stream at once. */
  cut(): void {
    this.#course.cut()
  }

  #begin(start: Start): void {
    const { hub, heartbeatMs } = this.#around
    const cursor = formatCursor(hub.head)
    const connected = { clientId: this.clientId, resumed: start.isResumed, cursor, heartbeatMs }
    // Before a gap, no id: a client that is cut between the two would come back from beyond what it was not told.
    const place = start.gap === undefined && isKnown(start.place) ? start.place : undefined
    this.#course.write(connectedFrame(connected, place, this.#around.retryMs()))
    this.#hasBegun = true
    this.#course.begin(start)
  }

  #expectEnd(): void {
    this.#forgetEnd()
    const { expiresAt } = this.#access
    if (expiresAt === undefined || this.#course.isOver) return
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
}
