import type { Cursor } from '@tidings/protocol'
import type { Batch, EventLog, Tail as LogTail, Selection, Standing, StoredEvent } from '../log/event-log.ts'
import { fanOut, type Selected } from './fan-out.ts'
import { Frame } from './frame.ts'
import { Interest, type Listener, type Wanted } from './interest.ts'
import { type Portion, PortionCache } from './portion.ts'
import { Steps } from './steps.ts'
import { Tail } from './tail.ts'
import { TailEvent } from './tail-event.ts'
import { Tally } from './tally.ts'
import { TopicIndex } from './topic-index.ts'
import { Watchers } from './watchers.ts'

/** The hub's bounds. */
export interface HubOptions {
  /** Memory for the newest events, in bytes. */
  readonly tailBytes: number
  /** Events that a reader who is behind gets at once. */
  readonly pageEvents: number
  /** Bytes that a stream gets at once: what may wait for it in memory. */
  readonly pageBytes: number
}

/** Counts since the start. */
export interface HubCounters {
  /** Events that came from the log. */
  published: number
  /** Deliveries: events times the streams that got them. */
  sent: number
  /** Bytes of events written to streams, without HTTP's framing. */
  sentBytes: number
}

/** Some past events. */
export interface Past {
  readonly events: readonly StoredEvent[]
  /** The number up to which they are all. */
  readonly reached: number
  readonly isEnd: boolean
  /** The number before the oldest event kept. */
  readonly floor: number
}

/** The part of one process that knows who listens here. */
export class Hub {
  /** How many streams each user has open here. */
  readonly presence = new Tally()
  readonly counters: HubCounters = { published: 0, sent: 0, sentBytes: 0 }
  readonly #log: EventLog
  readonly #options: HubOptions
  readonly #index = new TopicIndex<Interest>()
  readonly #interests = new Map<string, Interest>()
  readonly #watchers = new Watchers((topic) => this.audience([topic]) > 0)
  readonly #portions = new PortionCache()
  readonly #steps = new Steps()
  #tail: Tail
  #head: Cursor
  #logTail: LogTail | undefined
  #beforeShowing = () => {}

  /** Opens a hub on a log and follows it from its head. */
  static async open(log: EventLog, options: HubOptions): Promise<Hub> {
    const { head } = await log.bounds()
    const hub = new Hub(log, options, head)
    hub.#logTail = await log.tail((batch) => hub.#take(batch))
    hub.#head = hub.#logTail.head
    hub.#tail = new Tail(hub.#head, options.tailBytes)
    return hub
  }

  private constructor(log: EventLog, options: HubOptions, head: Cursor) {
    this.#log = log
    this.#options = options
    this.#head = head
    this.#tail = new Tail(head, options.tailBytes)
  }

  /** The newest place that this hub has shown to its live streams. */
  get head(): Cursor {
    return this.#head
  }

  /** Events in memory, and their bytes. */
  get buffered(): { readonly events: number; readonly bytes: number } {
    return { events: this.#tail.length, bytes: this.#tail.bytes }
  }

  /** Registers a stream. It is not live before it puts itself among the interest's live ones. */
  join(listener: Listener, wanted: Wanted): Interest {
    const key = Interest.keyOf(wanted)
    let interest = this.#interests.get(key)
    if (interest === undefined) {
      interest = new Interest(key, wanted)
      this.#interests.set(key, interest)
      this.#index.add(wanted.topics, interest)
    }
    interest.members.add(listener)
    this.#watchers.notice(wanted.topics)
    return interest
  }

  /** Forgets a stream. */
  leave(listener: Listener, interest: Interest): void {
    interest.live.delete(listener)
    interest.members.delete(listener)
    if (interest.members.size > 0) return
    this.#interests.delete(interest.key)
    this.#index.delete(interest.wanted.topics, interest)
    this.#watchers.notice(interest.wanted.topics)
  }

  /** How many open streams want at least one of these topics, whatever the type. */
  audience(topics: Iterable<string>): number {
    const interests = new Set<Interest>()
    for (const topic of new Set(topics)) {
      this.#index.forEach(topic, (interest) => {
        if (interest.mayRead(topic)) interests.add(interest)
      })
    }
    let streams = 0
    for (const interest of interests) streams += interest.members.size
    return streams
  }

  /**
   * Calls back when a topic finds its first listener, and when it loses its last; at once, if it has one already.
   * Whoever makes events uses it to rest while nobody looks.
   * @returns stops it.
   * @throws TidingsError `invalid_topic`.
   */
  watch(topic: string, onChange: (isWanted: boolean) => void): () => void {
    return this.#watchers.add(topic, onChange)
  }

  /**
   * Judges a cursor that a client brought (§4.2): from memory if it can, else the log knows.
   * @throws TidingsError of the log; `storage_unavailable` if this hub does not come to where the log is.
   */
  async stand(cursor: Cursor): Promise<Standing> {
    const { floor } = this.#tail
    const isInMemory =
      cursor.epoch === this.#head.epoch && cursor.seq <= this.#head.seq && cursor.seq >= floor.seq
    if (!isInMemory) {
      const standing = await this.#log.stand(cursor)
      // Another node may have shown what is still on its way here.
      if (standing === 'valid') await this.#steps.until(() => isReached(cursor, this.#head))
      // A new epoch that this hub was not told of yet: whoever began now would be told twice.
      if (standing === 'epoch' && cursor.epoch === this.#head.epoch) await this.#steps.next()
      return standing
    }
    const tag = cursor.seq === floor.seq ? floor.tag : this.#tail.at(cursor.seq)!.tag
    return tag === cursor.tag ? 'valid' : 'diverged'
  }

  /**
   * What comes next for a reader who is behind: at once if it is in memory, else from the log.
   * @param after the reader's place, which `stand` has found valid, or one that a portion reached.
   */
  next(interest: Interest, after: Cursor): Portion | Promise<Portion> {
    if (after.seq < this.#tail.floor.seq) return this.#nextFromLog(interest, after)
    const known = this.#portions.find(interest, after)
    if (known !== undefined) return known
    const { pageEvents, pageBytes } = this.#options
    const { events, reached } = this.#tail.read(interest, after.seq, pageEvents, pageBytes)
    const portion: Portion = {
      frame: joined(events.map(({ frame }) => frame)),
      reached: this.#placeOf(reached),
      floor: this.#tail.floor,
    }
    this.#portions.keep(interest, after, portion)
    return portion
  }

  /** The number after which an interest's last `count` events follow. */
  async beforeLast(interest: Interest, count: number): Promise<number> {
    const { selection } = interest
    let before = this.#head.seq + 1
    for (let missing = count; missing > 0; ) {
      const page = await this.#log.readBack({ selection, before, limit: missing })
      missing -= page.events.filter(({ topic, type }) => interest.takes(topic, type)).length
      before = page.isEnd && missing > 0 ? page.floor.seq + 1 : page.reached.seq
      if (page.isEnd) break
    }
    return before - 1
  }

  /** What is called before a batch is shown: whose time is over leaves before it. */
  beforeShowing(callback: () => void): void {
    this.#beforeShowing = callback
  }

  /** Past events as the log has them, as many as a stream may get at once. */
  async past(selection: Selection, after: number, upTo: number): Promise<Past> {
    const { pageEvents, pageBytes } = this.#options
    const { events, reached, isEnd, floor } = await this.#log.read({
      selection,
      after,
      upTo,
      limit: pageEvents,
    })
    const fitting = countFitting(events, pageBytes)
    if (fitting === events.length) return { events, reached: reached.seq, isEnd, floor: floor.seq }
    const some = events.slice(0, fitting)
    return { events: some, reached: some.at(-1)!.seq, isEnd: false, floor: floor.seq }
  }

  /** Counts a frame that was written to some streams. */
  count(frame: Frame, streams: number): void {
    this.counters.sent += frame.events * streams
    this.counters.sentBytes += frame.length * streams
  }

  /** Stops following the log. */
  close(): void {
    this.#logTail?.stop()
  }

  /** Shows a batch to the live streams, before anything else can happen. */
  #take(batch: Batch): void {
    this.#step(batch)
    this.#steps.made()
  }

  #step(batch: Batch): void {
    if (batch.epoch !== this.#head.epoch) this.#changeEpoch(batch.epoch, batch.from)
    else if (batch.from !== undefined) this.#skipTo(batch.from)
    if (batch.events.length === 0) return
    this.#beforeShowing()
    const before = this.#head
    const events = batch.events.map((event) => this.#remember(event, batch.epoch))
    this.counters.published += events.length
    for (const [interest, selected] of fanOut(this.#index, events)) {
      if (interest.live.size > 0) this.#deliver(interest, selected, before)
    }
  }

  #deliver(interest: Interest, selected: Selected, before: Cursor): void {
    const { frame } = selected
    // What is more than a stream may have waiting goes out in portions, as to anyone who is behind.
    if (frame.length > this.#options.pageBytes && frame.events > 1) {
      for (const listener of interest.live) listener.fallBehind(before)
      interest.live.clear()
      return
    }
    interest.deliveredAt = performance.now()
    this.count(frame, interest.live.size)
    for (const listener of interest.live) {
      if (!listener.deliver(frame)) interest.live.delete(listener)
    }
  }

  #remember(event: StoredEvent, epoch: string): TailEvent {
    const remembered = new TailEvent(event, epoch)
    this.#tail.push(remembered)
    this.#head = { epoch, seq: event.seq, tag: event.tag }
    return remembered
  }

  async #nextFromLog(interest: Interest, after: Cursor): Promise<Portion> {
    const { pageEvents, pageBytes } = this.#options
    // Not beyond what the live streams have seen: the batch after it would be sent twice.
    const upTo = this.#head.seq
    const { selection } = interest
    const page = await this.#log.read({ selection, after: after.seq, limit: pageEvents, upTo })
    const { epoch } = page.reached
    // The log has begun another history, of which nobody here may hear before they were told.
    if (epoch !== after.epoch) {
      if (this.#head.epoch === after.epoch) await this.#steps.next()
      return { frame: undefined, reached: after, floor: after }
    }
    const frames: Frame[] = []
    let bytes = 0
    let previous = after
    for (const event of page.events) {
      const place = { epoch, seq: event.seq, tag: event.tag }
      if (interest.takes(event.topic, event.type)) {
        const { frame } = new TailEvent(event, epoch)
        bytes += frame.length
        if (bytes > pageBytes && frames.length > 0) {
          return { frame: joined(frames), reached: previous, floor: page.floor }
        }
        frames.push(frame)
      }
      previous = place
    }
    return { frame: joined(frames), reached: page.reached, floor: page.floor }
  }

  /** A place in memory as a cursor. */
  #placeOf(seq: number): Cursor {
    if (seq === this.#head.seq) return this.#head
    if (seq === this.#tail.floor.seq) return this.#tail.floor
    return { epoch: this.#head.epoch, seq, tag: this.#tail.at(seq)!.tag }
  }

  /** What came before a place cannot be shown: whoever was live finds out when it reads on, as if it had been away. */
  #skipTo(from: Cursor): void {
    const before = this.#head
    this.#head = from
    this.#tail = new Tail(from, this.#options.tailBytes)
    for (const { live } of this.#interests.values()) {
      for (const listener of live) listener.fallBehind(before)
      live.clear()
    }
  }

  #changeEpoch(epoch: string, from: Cursor | undefined): void {
    const before = this.#head
    this.#head = from ?? { ...before, epoch }
    // What is in memory bears ids of the epoch that has ended.
    this.#tail = new Tail(this.#head, this.#options.tailBytes)
    for (const { members } of this.#interests.values()) {
      for (const listener of members) listener.changeEpoch(before, this.#head)
    }
  }
}

/** Whether a place of the log lies behind a hub that stands at `head`, or is where it stands. */
function isReached({ epoch, seq }: Cursor, head: Cursor): boolean {
  return head.epoch === epoch && head.seq >= seq
}

function joined(frames: readonly Frame[]): Frame | undefined {
  return frames.length === 0 ? undefined : Frame.join(frames)
}

/** How many of these fit into so many bytes; at least one, however large, or nothing would ever move. */
function countFitting(events: readonly StoredEvent[], bytes: number): number {
  let left = bytes
  const beyond = events.findIndex(({ payload }, at) => {
    left -= payload.length
    return left < 0 && at > 0
  })
  return beyond === -1 ? events.length : beyond
}
