import { checkEvent, type EventInput, formatCursor, type NewEvent, TidingsError } from '@tidings/protocol'
import { type Access, openAccess } from './auth/access.ts'
import { createPolicy } from './auth/create-policy.ts'
import { type Credentials, openPolicy, type Policy } from './auth/policy.ts'
import { Census } from './census.ts'
import { resolveSettings, type Settings } from './config/settings.ts'
import { type HistoryPage, type HistoryQuery, readHistory } from './history.ts'
import { Hub } from './hub/hub.ts'
import type { Wanted } from './hub/interest.ts'
import { keyOf } from './idempotency-key.ts'
import type { Published, PublishOptions, Stats, StreamOptions, Tidings, TidingsOptions } from './library.ts'
import type { EventLog } from './log/event-log.ts'
import { openLog } from './log/open-log.ts'
import { RetentionTimer } from './log/retention-timer.ts'
import { createMachineSampler } from './observe/machine.ts'
import { openPeers } from './peers/open-peers.ts'
import type { Peers } from './peers/peers.ts'
import { startServerFeeds } from './server-feeds.ts'
import {
  checkOptions,
  checkSubscription,
  readSubscription,
  type SubscriptionRequest,
} from './stream/accept.ts'
import { type Amended, type Amendment, amend } from './stream/amend.ts'
import type { Reader } from './stream/connection.ts'
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

export type {
  Published,
  PublishOptions,
  Stats,
  StreamOptions,
  Tidings,
  TidingsOptions,
} from './library.ts'

/**
 * Opens the log and starts the hub. A Redis that is not there yet is waited for.
 * @throws ConfigError if an option is wrong, StoreRefused if the store can't be opened.
 */
export async function createTidings({ auth, onNotice, ...options }: TidingsOptions = {}): Promise<Tidings> {
  const settings = resolveSettings(typeof auth === 'object' ? { ...options, ...auth } : options)
  const policy = auth === undefined ? openPolicy : await createPolicy(auth, settings, onNotice)
  try {
    return await openTidings(settings, policy, { onNotice })
  } catch (error) {
    await policy.close?.()
    throw error
  }
}

/** What a process is given that does not open everything by itself: a worker. */
export interface Given {
  /** The log of another process, which also keeps it within its retention. */
  readonly log?: EventLog | undefined
  readonly peers?: Peers | undefined
  readonly onNotice?: TidingsOptions['onNotice']
}

/** The same with settings that are resolved. Throws as `createTidings` does. */
export async function openTidings(settings: Settings, policy: Policy, given: Given): Promise<Tidings> {
  const log = given.log ?? (await openLog(settings, given.onNotice))
  const hub = await Hub.open(log, {
    tailBytes: settings.tailBytes,
    pageEvents: settings.replayPageEvents,
    pageBytes: settings.streamBufferBytes,
  })
  const peers = given.peers ?? (await openPeers(settings, given.onNotice))
  const retention = given.log === undefined ? RetentionTimer.of(log, settings) : undefined
  return new TidingsHub({ settings, log, hub, peers, policy, retention })
}

interface Parts {
  readonly settings: Settings
  readonly log: EventLog
  readonly hub: Hub
  readonly peers: Peers
  readonly policy: Policy
  readonly retention: RetentionTimer | undefined
}

/** What a policy looks at, of a request of either kind. */
type Asked = Pick<Credentials, 'headers'> & {
  readonly method?: string | undefined
  readonly url?: string | undefined
}

class TidingsHub implements Tidings {
  readonly settings: Settings
  readonly log: EventLog
  readonly hub: Hub
  readonly peers: Peers
  readonly #policy: Policy
  readonly #connections: Connections
  readonly #retention: RetentionTimer | undefined
  readonly #census: Census
  readonly #stopFeeds: () => void
  #closing: Promise<void> | undefined

  constructor({ settings, log, hub, peers, policy, retention }: Parts) {
    this.settings = settings
    this.#policy = policy
    this.log = log
    this.hub = hub
    this.peers = peers
    this.#retention = retention
    this.#connections = new Connections(hub, settings, peers.id)
    this.#census = new Census({ hub, log, peers, connections: this.#connections })
    policy.onRevoked?.((hasLost) => this.#connections.revoke(hasLost))
    if (policy.freshen !== undefined) log.handOutAfter?.(() => policy.freshen?.())
    void log.failed.then(() => this.#connections.fail())
    const sampleMachine = createMachineSampler()
    this.#stopFeeds = startServerFeeds(this, [
      { topic: '$metrics', intervalMs: 2_000, sample: () => [{ type: 'metrics', data: sampleMachine() }] },
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
    const appended = await this.log.append(checked, keyOf(access, idempotencyKey))
    return {
      ids: appended.cursors.map(formatCursor),
      durability: this.log.durability,
      isDuplicate: appended.isDuplicate,
    }
  }

  async stream(request: NodeRequest, response: NodeResponse, options: StreamOptions = {}): Promise<void> {
    const admitted = options.access ?? this.#admit(request)
    const access = admitted instanceof Promise ? await admitted : admitted
    const { subscription, reader, wanted } = this.#wanted(
      queryOf(request.url),
      request.headers,
      options,
      access,
    )
    if (isOver(response)) return
    // Frameworks give HEAD to the handler of GET.
    if (request.method === 'HEAD') return respondOnce(response)
    const refusal = this.#connections.refusal(reader)
    if (refusal !== undefined) return respondOnce(response, this.#connections.farewell(refusal))
    sendHead(response)
    const connection = this.#connections.open(reader, wanted, (owner) =>
      openSink(response, owner, this.settings.stallMs),
    )
    await connection.start(subscription)
  }

  async respond(request: Request, options: StreamOptions = {}): Promise<Response> {
    const { method, url } = request
    const headers = Object.fromEntries(request.headers)
    const admitted = options.access ?? this.#admit({ method, url, headers })
    const access = admitted instanceof Promise ? await admitted : admitted
    const { subscription, reader, wanted } = this.#wanted(queryOf(url), headers, options, access)
    // A body that nobody will read would never say that it is closed.
    if (request.method === 'HEAD' || request.signal.aborted)
      return new Response(null, { headers: streamHeaders })
    const refusal = this.#connections.refusal(reader)
    if (refusal !== undefined) {
      return new Response(new Uint8Array(this.#connections.farewell(refusal).bare), {
        headers: streamHeaders,
      })
    }
    let body!: ReadableStream<Uint8Array>
    const connection = this.#connections.open(reader, wanted, (owner) => {
      const sink = new WebSink(owner, this.settings.stallMs, request)
      body = sink.body
      return sink
    })
    void connection.start(subscription)
    return new Response(body, { headers: streamHeaders })
  }

  renew(clientId: string, access: Access): { readonly expiresAt: number | undefined } | undefined {
    const connection = this.#connections.find(clientId)
    if (connection === undefined || connection.access.caller !== access.caller) return undefined
    connection.renew(access)
    return { expiresAt: access.expiresAt }
  }

  async amend(clientId: string, amendment: Amendment, access: Access): Promise<Amended | undefined> {
    const connection = this.#connections.find(clientId)
    if (connection === undefined || connection.access.caller !== access.caller) return undefined
    return amend(this.hub, connection, amendment, this.settings.maxTopics)
  }

  revoke(isChosen: (access: Access, clientId: string) => boolean): number {
    return this.#connections.revoke(isChosen)
  }

  audience(topics: string | Iterable<string>): number {
    return this.hub.audience(typeof topics === 'string' ? [topics] : topics)
  }

  audiences(topics: readonly string[]): Promise<number[]> {
    return this.#census.audiences(topics)
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

  stats({ everywhere = true }: { readonly everywhere?: boolean } = {}): Promise<Stats> {
    return this.#census.stats(everywhere)
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
    await this.#policy.close?.()
    await this.#retention?.close()
    this.hub.close()
    await this.peers.close()
    await this.log.close()
  }

  /** Sync as long as nobody has to be asked: a stream is then open when the call returns. */
  #admit({ headers, method = 'GET', url = '' }: Asked): Access | Promise<Access> {
    return this.#policy.admit({ headers, method, url })
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
    access: Access,
  ): { subscription: SubscriptionRequest; reader: Reader; wanted: Wanted } {
    checkOptions(options)
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
    const wanted: Wanted = { ...selection, ...access.reading(selection.topics) }
    const reader = { access, user: access.user ?? subscription.user, address: options.address }
    return { subscription, reader, wanted }
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
