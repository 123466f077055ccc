import { statusPauseMs } from '../bounds.ts'
import type { TidingsEvent } from '../event.ts'
import type { Schema, SchemaResult } from '../schema.ts'
import type { Status } from '../status.ts'
import type { HandlerOptions, QueueOptions, StreamEvents, TidingsStream } from '../stream.ts'
import type { Block, ControlBlock, EventBlock } from './block.ts'
import { EventQueue } from './event-queue.ts'
import { Failure } from './failure.ts'
import type { Feed, FeedListener, OpenFeed } from './feed.ts'
import { Handlers, report, topicFilter } from './handlers.ts'
import { Ledger, type LedgerEntry } from './ledger.ts'
import { PlaceStore } from './place-store.ts'
import { RecentIds } from './recent-ids.ts'
import type { Settings } from './settings.ts'

/** What one `add` has promised. */
interface Addition {
  readonly topics: readonly string[]
  resolve(): void
  reject(error: Error): void
}

/** A subscription, as the application sees it: what a feed brings goes to handlers and loops, each id once. */
export class EventStream implements TidingsStream, FeedListener {
  readonly #options: Settings
  /** No plain object: a publisher may name a type `constructor`. */
  readonly #schemas: Map<string, Schema>
  readonly #feed: Feed
  readonly #handlers: Handlers
  readonly #queues = new Map<EventQueue, (event: TidingsEvent) => boolean>()
  readonly #seen = new RecentIds()
  readonly #store: PlaceStore
  readonly #ledger: Ledger
  readonly #listeners = new Set<(status: Status) => void>()
  /** How often each topic is wanted. */
  readonly #topics = new Map<string, number>()
  #status: Status | undefined
  #statusTimer: ReturnType<typeof setTimeout> | undefined
  #lastEventAtMs: number | undefined
  #gap: Status['gap']
  #isClosed = false
  /** What `add` has promised. */
  #additions: readonly Addition[] = []
  readonly #abort = (): void => this.close()

  constructor(options: Settings, openFeed: OpenFeed) {
    this.#options = options
    this.#handlers = new Handlers(options)
    this.#schemas = new Map(Object.entries(options.events ?? {}))
    this.#count(options.topics)
    this.#store = new PlaceStore(options)
    this.#ledger = new Ledger(() => this.#onHandled())
    this.#feed = openFeed(options, () => this.#beginning(), this)
    options.signal?.addEventListener('abort', this.#abort)
    this.#feed.tell('open')
    if (options.paused) this.#feed.tell('pause')
    if (options.signal?.aborted) this.close()
  }

  get status(): Status {
    this.#status ??= Object.freeze({
      ...this.#feed.status,
      role: this.#feed.role,
      lastEventId: this.#ledger.handled,
      lastEventAtMs: this.#lastEventAtMs,
      gap: this.#gap,
    })
    return this.#status
  }

  get topics(): readonly string[] {
    return [...this.#topics.keys()]
  }

  on(type: string, handler: (value: never) => unknown, options?: HandlerOptions): () => void {
    return this.#handlers.add(type, handler, options)
  }

  events(options: QueueOptions = {}): AsyncIterableIterator<TidingsEvent> {
    const stop = (): unknown => queue.return()
    const queue = new EventQueue(this.#ledger, options, () => {
      this.#queues.delete(queue)
      options.signal?.removeEventListener('abort', stop)
    })
    const types = options.types === undefined ? undefined : new Set(options.types)
    const wants = topicFilter(options.topic)
    this.#queues.set(queue, ({ type, topic }) => wants(topic) && (types?.has(type) ?? true))
    options.signal?.addEventListener('abort', stop)
    if (this.#isClosed || options.signal?.aborted) queue.finish()
    return queue
  }

  [Symbol.asyncIterator](): AsyncIterator<TidingsEvent> {
    return this.events()
  }

  onStatus(listener: (status: Status) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  add(...topics: string[]): Promise<void> {
    this.#count(topics)
    this.#feed.add(topics)
    const added = new Promise<void>((resolve, reject) => {
      this.#additions = [...this.#additions, { topics, resolve, reject }]
    })
    this.#answer()
    // Whoever does not wait for it finds it in `status.trouble`. What all of the stream was refused with may pass.
    added.catch(({ trouble }: Failure) => {
      if (trouble?.code === 'topics') this.remove(...topics)
    })
    return added
  }

  remove(...topics: string[]): void {
    this.#feed.remove(topics.filter((topic) => this.#release(topic)))
    this.#answer()
  }

  #count(topics: Iterable<string>): void {
    for (const topic of topics) this.#topics.set(topic, (this.#topics.get(topic) ?? 0) + 1)
  }

  /** Wants a topic once less. Returns whether that was the last time. */
  #release(topic: string): boolean {
    const count = this.#topics.get(topic)
    if (count !== undefined && count > 1) this.#topics.set(topic, count - 1)
    return count === 1 && this.#topics.delete(topic)
  }

  /** Keeps what `add` has promised, as far as it can be known. */
  #answer(): void {
    const { state, trouble } = this.#feed.status
    const isOpen = state === 'live' || state === 'catching-up'
    this.#additions = this.#additions.filter(({ topics, resolve, reject }) => {
      // What was taken back meanwhile is not waited for.
      const answers = topics
        .filter((topic) => this.#topics.has(topic))
        .map((topic) => this.#feed.answer(topic))
      const refused = answers.find((answer) => typeof answer === 'object')
      const why = refused ?? (state === 'refused' ? trouble : undefined)
      if (this.#isClosed) reject(new Error('The stream is closed.'))
      else if (isOpen && answers.every((answer) => answer === true)) resolve()
      else if (why !== undefined) reject(new Failure(why.code, why.message, why))
      else return true
      return false
    })
  }

  dismissGap(): void {
    this.#gap = undefined
    this.onChange()
  }

  pause(): void {
    this.#feed.tell('pause')
  }

  resume(): void {
    this.#feed.tell('resume')
  }

  reconnect(): void {
    this.#feed.tell('reconnect')
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#feed.close()
    this.#store.close()
    for (const queue of this.#queues.keys()) queue.finish()
    this.onChange()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    await this.#feed.close()
    // The last handlers have moved the place once more.
    this.#store.close()
  }

  onChange(): void {
    clearTimeout(this.#statusTimer)
    this.#statusTimer = undefined
    this.#status = undefined
    this.#answer()
    for (const listener of [...this.#listeners]) {
      try {
        listener(this.status)
      } catch (error) {
        report(error)
      }
    }
  }

  onBlock(block: Block): Promise<void> | undefined {
    const entry = this.#ledger.enter(block.place)
    const pending = this.#deliver(block, entry)
    if (pending === undefined) this.#ledger.settle(entry)
    return pending?.then(() => this.#ledger.settle(entry))
  }

  #deliver(block: Block, entry: LedgerEntry): Promise<void> | undefined {
    if (block.kind === 'place') return undefined
    if (block.kind === 'control') return this.#control(block)
    this.#lastEventAtMs = Date.now()
    // Only Tidings promises that an id is one event's alone, and only Tidings names the topic.
    if (block.topic !== undefined && block.id !== '' && !this.#seen.add(block.id)) return undefined
    const schema = this.#schemas.get(block.type)
    if (schema !== undefined) return this.#check(schema, eventOf(block), entry)
    if (this.#queues.size === 0 && !this.#handlers.has(block.type)) return undefined
    return this.#hand(eventOf(block), entry)
  }

  #control({ type, value }: ControlBlock): Promise<void> | undefined {
    if (type === 'gap') {
      this.#gap = value
      this.onChange()
    }
    return this.#handlers.call(type, value as StreamEvents[typeof type])
  }

  /** Has the event's schema look at it. One that throws must no more end the stream than a handler that does. */
  async #check(schema: Schema, event: TidingsEvent, entry: LedgerEntry): Promise<void> {
    let result: SchemaResult<unknown>
    try {
      result = await schema['~standard'].validate(event.data)
    } catch (error) {
      result = { issues: [{ message: `${error}` }] }
    }
    if (result.issues !== undefined) this.#handlers.callInvalid({ event, issues: result.issues })
    else await this.#hand({ ...event, data: result.value }, entry)
  }

  #hand(event: TidingsEvent, entry: LedgerEntry): Promise<void> | undefined {
    const frozen = Object.freeze(event)
    const full: Promise<void>[] = []
    for (const [queue, wants] of this.#queues) {
      const room = wants(frozen) ? queue.push(frozen, entry) : undefined
      if (room !== undefined) full.push(room)
    }
    const called = this.#handlers.callWithEvent(frozen)
    if (full.length === 0) return called
    return Promise.all([called, ...full]).then(() => {})
  }

  #onHandled(): void {
    this.#store.keep(this.#ledger.handled ?? '')
    if (this.#listeners.size === 0) this.#status = undefined
    else this.#statusTimer ??= setTimeout(() => this.onChange(), statusPauseMs)
  }

  async #beginning(): Promise<string | undefined> {
    return (await this.#store.get()) ?? this.#options.lastEventId
  }
}

function eventOf({ kind, place, ...event }: EventBlock): TidingsEvent {
  return { ...event, data: parse(event.text) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
