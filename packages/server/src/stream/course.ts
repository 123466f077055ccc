import type { Cursor, GapReason } from '@tidings/protocol'
import type { Frame } from '../hub/frame.ts'
import type { Hub } from '../hub/hub.ts'
import type { Interest, Listener, Wanted } from '../hub/interest.ts'
import type { Portion } from '../hub/portion.ts'
import { isUnavailable } from '../log/refusals.ts'
import { gapFrame, liveFrame, pastGapFrame } from './blocks.ts'
import type { Deadlines } from './deadlines.ts'
import type { Detour, Stretch } from './detour.ts'
import type { Sink } from './sink/sink.ts'
import { isKnown, type Start } from './start.ts'
import type { Turns, Waiting } from './turns.ts'

/** What the courses of a process share. */
export interface CourseSurroundings {
  readonly hub: Hub
  readonly turns: Turns
  readonly deadlines: Deadlines
}

/** Who is told how a course ends. */
export interface CourseOwner {
  /** The log cannot be read, and will not be. */
  onFailed(): void
}

/** After how long a stream that needs the log asks again, while it is out of reach, in milliseconds. */
const unavailableMs = 500

/**
 * The course of one stream through the log: a place that moves forward. It is live while the place is the head, and
 * otherwise reads on, portion by portion, as fast as its client takes them.
 */
export class Course implements Listener, Waiting {
  readonly #around: CourseSurroundings
  readonly #owner: CourseOwner
  readonly #sink: Sink
  #interest: Interest
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
  #isOver = false

  /** @param openSink opens what it writes to. */
  constructor(around: CourseSurroundings, owner: CourseOwner, wanted: Wanted, openSink: () => Sink) {
    this.#around = around
    this.#owner = owner
    this.#interest = around.hub.join(this, wanted)
    this.#sink = openSink()
  }

  /** What it reads. */
  get interest(): Interest {
    return this.#interest
  }

  /** Where it stands; absent before it has begun, and while it is live: then it stands at the hub's head. */
  get place(): Cursor | undefined {
    return this.#place
  }

  /**
   * Where it stands, as its client may hear it: a place that is only a number is nothing that anybody can come back with.
   * The head takes its stand, which is no promise too many: what comes before it comes as well.
   */
  get tellablePlace(): Cursor {
    return isKnown(this.#place) ? this.#place : this.#around.hub.head
  }

  get isLive(): boolean {
    return this.#interest.live.has(this)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether something of its own may be written now. */
  get hasRoom(): boolean {
    return !this.#isOver && !this.#isFull
  }

  /** When its client was last sent anything, in milliseconds of `performance.now`. */
  get sentAt(): number {
    return this.isLive ? Math.max(this.#wroteAt, this.#interest.deliveredAt) : this.#wroteAt
  }

  /** Sets off. */
  begin(start: Start): void {
    if (start.gap !== undefined) this.#tellGap(start.gap.reason, start.gap.from, start.place)
    this.#announcesLive = start.isReplay
    this.#place = start.place
    this.#goOn()
  }

  /** Goes on with other wishes from where it stands. */
  want(wanted: Wanted): void {
    const { hub } = this.#around
    const before = this.#interest
    const isLive = before.live.has(this)
    // In this order, so that nobody who watches a topic of both sees it lost.
    this.#interest = hub.join(this, wanted)
    if (this.#interest === before) return
    hub.leave(this, before)
    if (isLive) this.#interest.live.add(this)
  }

  /** Waits at a place, where it stands, and reads the past of added topics first. */
  takeDetour(detour: Detour, from: Cursor): void {
    if (this.#interest.live.delete(this)) this.#replayed = 0
    this.#place = from
    this.#detours.push(detour)
    this.#announcesLive = true
    this.#askTurn()
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

  /** There is room again. */
  onRoom(): void {
    this.#isFull = false
    if (this.#place !== undefined) this.#goOn()
  }

  /**
   * Writes something of this stream alone.
   * @returns whether there is room for more.
   */
  write(frame: Frame): boolean {
    this.#wroteAt = performance.now()
    this.#around.hub.count(frame, 1)
    const hasRoom = this.#sink.write(frame)
    if (!hasRoom) this.#isFull = true
    return hasRoom
  }

  /** Ends the response in order, with a last frame. */
  end(frame: Frame): void {
    this.#isOver = true
    this.#interest.live.delete(this)
    this.#sink.end(frame)
  }

  /** Ends the response at once. */
  cut(): void {
    this.#isOver = true
    this.#sink.destroy()
  }

  /** The response is over. */
  leave(): void {
    this.#isOver = true
    this.#around.hub.leave(this, this.#interest)
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
        else this.#owner.onFailed()
      },
    )
  }

  #followDetour({ frame, reached, isEnd, missed }: Stretch): void {
    const detour = this.#detours[0]!
    detour.place = reached
    if (isEnd) this.#detours.shift()
    if (missed > 0) this.write(pastGapFrame('trimmed', this.tellablePlace, missed))
    this.#replay(frame)
    this.#askTurn()
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
    this.#replay(portion.frame)
    this.#place = portion.reached
    this.#goOn()
  }

  #replay(frame: Frame | undefined): void {
    if (frame === undefined) return
    this.#replayed += frame.events
    this.write(frame)
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
      if (!this.write(liveFrame(hub.head, this.#replayed))) return
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
    this.write(gapFrame(reason, isKnown(from) ? from : undefined, to))
  }
}

function isSamePlace(a: Cursor, b: Cursor): boolean {
  return a.seq === b.seq && a.epoch === b.epoch
}
