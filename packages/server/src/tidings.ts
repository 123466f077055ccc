import { checkEvent, type EventInput, formatCursor, type NewEvent, TidingsError } from '@tidings/protocol'
import { type Access, openAccess } from './auth/policy.ts'
import { resolveSettings, type Settings } from './config/settings.ts'
import { type HistoryPage, type HistoryQuery, readHistory } from './history.ts'
import { Hub } from './hub/hub.ts'
import type { Wanted } from './hub/interest.ts'
import type { Durability, EventLog } from './log/event-log.ts'
import { openLog } from './log/open-log.ts'
import { RetentionTimer } from './log/retention-timer.ts'
import { createMachineSampler } from './observe/machine.ts'
import { startServerFeeds } from './server-feeds.ts'
import { checkSubscription, readSubscription, type SubscriptionRequest } from './stream/accept.ts'
import { Connections } from './stream/connections.ts'
import {
  isOver,
  type NodeRequest,
  type NodeResponse,
  openSink,
  respondOnce,
  sendHead,
  streamHeaders,
} from './stream/respond.ts'
import { WebSink } from './stream/sink/web-sink.ts'

/** Settings of the library: any of the server's, all optional. */
export type TidingsOptions = { readonly [Key in keyof Settings]?: Settings[Key] | undefined }

/**
 * What a caller of the library says about a stream. With `topics`, the request adds only where the client was;
 * without them, the client chooses its topics, types and `last` in the query, as with `GET /events` (PROTOCOL §5.1).
 */
export interface StreamOptions extends Partial<SubscriptionRequest> {
  /** What this caller may read; everything, if absent. */
  readonly access?: Access | undefined
}

/** What a caller of the library says about a publish. */
export interface PublishOptions {
  /** Makes a retry safe: the same key and events give the same ids, and store nothing. */
  readonly idempotencyKey?: string | undefined
  /** What this caller may publish; everything, if absent. */
  readonly access?: Access | undefined
}

/** The answer to a publish: everything is stored with the durability that it names. */
export interface Published {
  /** Ids of the events, in the order in which they were given. */
  readonly ids: string[]
  readonly durability: Durability
  /** Whether an earlier publish with the same key stored them. */
  readonly isDuplicate: boolean
}

/** Counts, for people and programs. */
export interface Stats {
  readonly totalConnections: number
  readonly uniqueUsers: number
  /** Events and bytes in memory, from which readers that are a little behind are served. */
  readonly eventsBuffered: number
  readonly bytesBuffered: number
  /** Events that came from the log since the start. */
  readonly totalEventsPublished: number
  /** Deliveries since the start: events times the streams that got them. */
  readonly totalEventsSent: number
  readonly totalBytesSent: number
  /** Events kept in the log, and the bytes that retention counts. */
  readonly eventsStored: number
  readonly bytesStored: number
  readonly epoch: string
  /** The id after which the next event comes. */
  readonly head: string
  readonly durability: Durability
  readonly uptimeSeconds: number
}

/** The hub without the server: publish, stream, resume, in anybody's Node app. */
export interface Tidings {
  readonly settings: Settings
  readonly log: EventLog
  readonly hub: Hub
  /** Resolves, with the cause, if the log can no longer be trusted. The process should then end. */
  readonly failed: Promise<Error>
  readonly isDraining: boolean
  /**
   * Stores events and shows them to everybody who wants them. An array is one batch: all or none, in order.
   * @throws TidingsError of a code of PROTOCOL §9; nothing was stored, except with `storage_failed`.
   */
  publish(events: EventInput | readonly EventInput[], options?: PublishOptions): Promise<Published>
  /**
   * Takes a response over and makes it a stream. Headers that are set on it already are sent too.
   * Resolves when the stream stands, or is refused in its own words because the server has no room for it.
   * HEAD is answered without a stream, and so is a client that has left.
   * @throws TidingsError if the subscription is wrong; the response is then untouched.
   */
  stream(request: NodeRequest, response: NodeResponse, options?: StreamOptions): Promise<void>
  /**
   * A stream as a fetch-style Response.
   * @throws TidingsError if the subscription is wrong.
   */
  respond(request: Request, options?: StreamOptions): Response
  /** How many open streams want this topic, or at least one of these. */
  audience(topics: string | Iterable<string>): number
  /**
   * Calls back with `true` when somebody begins to listen to a topic, and with `false` when nobody does any more:
   * start a timer there, and stop it. If somebody listens already, the first call comes soon.
   * @returns stops it.
   * @throws TidingsError `invalid_topic`; patterns can't be watched.
   */
  watch(topic: string, onChange: (isWanted: boolean) => void): () => void
  /** A page of the log. */
  history(query: HistoryQuery): Promise<HistoryPage>
  /** Begins a new epoch: one `gap` for every open stream, and every earlier id is of another history. */
  rotate(): Promise<string>
  stats(): Promise<Stats>
  /**
   * Tells new streams to come back later and says goodbye to all others, spread over `drainMs` (that of the
   * settings, if absent). Publishes go on until `close`.
   */
  drain(options?: { readonly drainMs?: number }): Promise<void>
  /** Drains, and closes the log: publishes that are under way are still stored and answered. */
  close(options?: { readonly drainMs?: number }): Promise<void>
}

/**
 * Opens the log and starts the hub.
 * @throws ConfigError if an option is wrong, StoreRefused if the store can't be opened.
 */
export async function createTidings(options: TidingsOptions = {}): Promise<Tidings> {
  const settings = resolveSettings(options)
  const log = await openLog(settings)
  const hub = await Hub.open(log, {
    tailBytes: settings.tailBytes,
    pageEvents: settings.replayPageEvents,
    pageBytes: settings.streamBufferBytes,
  })
  return new TidingsHub(settings, log, hub)
}

class TidingsHub implements Tidings {
  readonly settings: Settings
  readonly log: EventLog
  readonly hub: Hub
  readonly #connections: Connections
  readonly #retention: RetentionTimer
  readonly #stopFeeds: () => void
  readonly #startedAt = performance.now()
  #closing: Promise<void> | undefined

  constructor(settings: Settings, log: EventLog, hub: Hub) {
    this.settings = settings
    this.log = log
    this.hub = hub
    this.#connections = new Connections(hub, settings)
    void log.failed.then(() => this.#connections.fail())
    this.#retention = new RetentionTimer(log, {
      ageMs: settings.retentionAgeMs,
      events: settings.retentionEvents,
      bytes: settings.retentionBytes,
    })
    this.#stopFeeds = startServerFeeds(log, hub, [
      { topic: '$metrics', type: 'metrics', sample: createMachineSampler() },
    ])
  }

  get failed(): Promise<Error> {
    return this.log.failed
  }

  get isDraining(): boolean {
    return this.#connections.isDraining
  }

  async publish(
    events: EventInput | readonly EventInput[],
    options: PublishOptions = {},
  ): Promise<Published> {
    const { idempotencyKey, access = openAccess } = options
    const checked = isBatch(events) ? this.#checkBatch(events, access) : [this.#check(events, access)]
    const appended = await this.log.append(checked, idempotencyKey === undefined ? {} : { idempotencyKey })
    return {
      ids: appended.cursors.map(formatCursor),
      durability: this.log.durability,
      isDuplicate: appended.isDuplicate,
    }
  }

  async stream(request: NodeRequest, response: NodeResponse, options: StreamOptions = {}): Promise<void> {
    const { subscription, wanted } = this.#wanted(queryOf(request.url), request.headers, options)
    if (isOver(response)) return
    // Frameworks give HEAD to the handler of GET.
    if (request.method === 'HEAD') return respondOnce(response)
    const refusal = this.#connections.refusal(subscription.user)
    if (refusal !== undefined) return respondOnce(response, this.#connections.farewell(refusal))
    sendHead(response)
    const connection = this.#connections.open(subscription.user, wanted, (owner) =>
      openSink(response, owner, this.settings.stallMs),
    )
    await connection.start(subscription)
  }

  respond(request: Request, options: StreamOptions = {}): Response {
    const headers = Object.fromEntries(request.headers)
    const { subscription, wanted } = this.#wanted(queryOf(request.url), headers, options)
    // A body that nobody will read would never say that it is closed.
    if (request.method === 'HEAD' || request.signal.aborted)
      return new Response(null, { headers: streamHeaders })
    const refusal = this.#connections.refusal(subscription.user)
    if (refusal !== undefined) {
      return new Response(new Uint8Array(this.#connections.farewell(refusal).bare), {
        headers: streamHeaders,
      })
    }
    let body!: ReadableStream<Uint8Array>
    const connection = this.#connections.open(subscription.user, wanted, (owner) => {
      const sink = new WebSink(owner, this.settings.stallMs)
      body = sink.body
      return sink
    })
    request.signal.addEventListener('abort', () => connection.cut(), { once: true })
    void connection.start(subscription)
    return new Response(body, { headers: streamHeaders })
  }

  audience(topics: string | Iterable<string>): number {
    return this.hub.audience(typeof topics === 'string' ? [topics] : topics)
  }

  watch(topic: string, onChange: (isWanted: boolean) => void): () => void {
    let isWatching = true
    const stop = this.hub.watch(topic, (isWanted) => {
      // Not in the midst of a stream's first or last step: what the callback throws would leave it half done.
      queueMicrotask(() => {
        if (isWatching) onChange(isWanted)
      })
    })
    return () => {
      isWatching = false
      stop()
    }
  }

  history(query: HistoryQuery): Promise<HistoryPage> {
    return readHistory(this.log, query)
  }

  rotate(): Promise<string> {
    return this.log.rotate()
  }

  async stats(): Promise<Stats> {
    const { floor, head, bytes } = await this.log.bounds()
    const { buffered, counters, presence } = this.hub
    return {
      totalConnections: this.#connections.size,
      uniqueUsers: presence.users,
      eventsBuffered: buffered.events,
      bytesBuffered: buffered.bytes,
      totalEventsPublished: counters.published,
      totalEventsSent: counters.sent,
      totalBytesSent: counters.sentBytes,
      eventsStored: head.seq - floor.seq,
      bytesStored: bytes,
      epoch: head.epoch,
      head: formatCursor(head),
      durability: this.log.durability,
      uptimeSeconds: Math.round((performance.now() - this.#startedAt) / 1_000),
    }
  }

  drain(options: { readonly drainMs?: number } = {}): Promise<void> {
    return this.#connections.drain(options.drainMs ?? this.settings.drainMs)
  }

  close(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.drain(options).then(() => this.#close())
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#stopFeeds()
    await this.#retention.close()
    this.hub.close()
    await this.log.close()
  }

  #checkBatch(events: readonly EventInput[], access: Access): NewEvent[] {
    const { maxBatchEvents } = this.settings
    if (events.length === 0) throw new TidingsError('invalid_field', 'A batch holds at least one event.')
    if (events.length > maxBatchEvents) {
      throw new TidingsError(
        'too_many_events',
        `A batch holds at most ${maxBatchEvents} events; send several.`,
      )
    }
    return events.map((event) => this.#check(event, access))
  }

  #check(event: EventInput, access: Access): NewEvent {
    const checked = checkEvent(event)
    const { maxEventBytes } = this.settings
    // Three bytes are the most that one unit of a string becomes: few events need the exact count.
    if (checked.payload.length * 3 > maxEventBytes && Buffer.byteLength(checked.payload) > maxEventBytes) {
      throw new TidingsError('event_too_large', `An event's data has at most ${maxEventBytes} bytes.`, {
        field: 'data',
      })
    }
    if (access.mayPublish(checked.topic)) return checked
    throw new TidingsError('forbidden', `You may not publish to "${checked.topic}".`, { field: 'topic' })
  }

  #wanted(
    params: URLSearchParams,
    headers: NodeRequest['headers'],
    options: StreamOptions,
  ): { subscription: SubscriptionRequest; wanted: Wanted } {
    const { access = openAccess } = options
    // Whoever names topics has decided what this stream is; the query could only widen it.
    const isDecided = 'topics' in options
    const asked = readSubscription(isDecided ? resumeOnly(params) : params, headers)
    const subscription: SubscriptionRequest = {
      topics: isDecided ? options.topics! : asked.topics,
      types: options.types ?? asked.types,
      last: options.last ?? asked.last,
      user: options.user ?? asked.user,
      lastEventId: options.lastEventId ?? asked.lastEventId,
    }
    const selection = checkSubscription(subscription, this.settings.maxTopics)
    const wanted: Wanted = { ...selection, scope: access.scope, mayRead: (topic) => access.mayRead(topic) }
    return { subscription, wanted }
  }
}

function isBatch(events: EventInput | readonly EventInput[]): events is readonly EventInput[] {
  return Array.isArray(events)
}

/** A target may be anything after the method, e.g. `//`: it need not be an URL. */
function queryOf(url = ''): URLSearchParams {
  const start = url.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : url.slice(start + 1))
}

/** What of a query a client may say of any stream: where it was. */
function resumeOnly(params: URLSearchParams): URLSearchParams {
  const id = params.get('lastEventId')
  return new URLSearchParams(id === null ? {} : { lastEventId: id })
}
