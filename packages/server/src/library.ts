import type { EventInput, Stats } from '@tidings/protocol'
import type { Access } from './auth/access.ts'
import type { AuthFunction, AuthSettings } from './auth/create-policy.ts'
import type { Settings } from './config/settings.ts'
import type { HistoryPage, HistoryQuery } from './history.ts'
import type { Hub } from './hub/hub.ts'
import type { Durability, EventLog, StoreNotice } from './log/event-log.ts'
import type { Peers } from './peers/peers.ts'
import type { SubscriptionRequest } from './stream/accept.ts'
import type { Amended, Amendment } from './stream/amend.ts'
import type { NodeRequest, NodeResponse } from './stream/respond.ts'

/** Settings of the library: any of the server's, all optional. */
export type TidingsOptions = { readonly [Key in keyof Settings]?: Settings[Key] | undefined } & {
  /**
   * Who may read what: settings of the server that say how tokens and keys are checked, or a function that knows.
   * `stream` and `respond` then ask it of every request that comes without an `access`.
   */
  readonly auth?: AuthSettings | AuthFunction | undefined
  /** Told what whoever runs this should know of the store: that Redis is away or back, or set to lose events. */
  readonly onNotice?: ((notice: StoreNotice) => void) | undefined
}

/**
 * What a caller of the library says about a stream. With `topics`, the request adds only where the client was;
 * without them, the client chooses its topics, types and `last` in the query, as with `GET /events` (PROTOCOL §5.1).
 */
export interface StreamOptions extends Partial<SubscriptionRequest> {
  /** What this caller may read; if absent, what the option `auth` says of the request, or else everything. */
  readonly access?: Access | undefined
  /** Where the client is, for the limit of streams an address; absent if it is not to count. */
  readonly address?: string | undefined
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

export type { Stats }

/** The hub without the server: publish, stream, resume, in anybody's Node app. */
export interface Tidings {
  readonly settings: Settings
  readonly log: EventLog
  readonly hub: Hub
  /** The other processes that serve this log, and the name of this one. */
  readonly peers: Peers
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
   * @throws TidingsError if the subscription is wrong, TypeError if an option is unknown; the response is then untouched.
   */
  stream(request: NodeRequest, response: NodeResponse, options?: StreamOptions): Promise<void>
  /**
   * A stream as a fetch-style Response.
   * @throws TidingsError if the subscription is wrong, TypeError if an option is unknown.
   */
  respond(request: Request, options?: StreamOptions): Promise<Response>
  /**
   * Goes on with an open stream under a newer token or other rights of the same caller.
   * @returns when it ends now, in milliseconds since the epoch; `undefined` if this caller has no such stream.
   * @throws TidingsError `forbidden` if these rights do not reach its topics; it then goes on as it was.
   */
  renew(clientId: string, access: Access): { readonly expiresAt: number | undefined } | undefined
  /**
   * Changes the topics of an open stream, without a gap.
   * @returns `undefined` if this caller has no such stream.
   * @throws TidingsError `invalid_topic`, `invalid_field`, `too_many_topics`, `forbidden`; it then goes on as it was.
   */
  amend(clientId: string, amendment: Amendment, access: Access): Promise<Amended | undefined>
  /**
   * Ends streams of this process, whose clients are told not to come back.
   * @returns how many.
   */
  revoke(isChosen: (access: Access, clientId: string) => boolean): number
  /** How many open streams of this process want this topic, or at least one of these. */
  audience(topics: string | Iterable<string>): number
  /** How many open streams want each of these topics, in all processes that serve this log and answer soon. */
  audiences(topics: readonly string[]): Promise<number[]>
  /**
   * Calls back with `true` when somebody begins to listen to a topic in this process, and with `false` when nobody does any more:
   * start a timer there, and stop it. If somebody listens already, the first call comes soon.
   * @returns stops it.
   * @throws TidingsError `invalid_topic`; patterns can't be watched.
   */
  watch(topic: string, onChange: (isWanted: boolean) => void): () => void
  /**
   * A page of the log.
   * @throws TidingsError `invalid_topic`, `invalid_query`, `forbidden`, or one of the log's; TypeError if `topics` is no list.
   */
  history(query: HistoryQuery): Promise<HistoryPage>
  /** Begins a new epoch: one `gap` for every open stream, and every earlier id is of another history. */
  rotate(): Promise<string>
  /** @param options with `everywhere: false`, what other processes have is left out. */
  stats(options?: { readonly everywhere?: boolean }): Promise<Stats>
  /**
   * Tells new streams to come back later and says goodbye to all others, spread over `drainMs` (that of the
   * settings, if absent). Publishes go on until `close`.
   */
  drain(options?: { readonly drainMs?: number }): Promise<void>
  /** Drains, and closes the log: publishes that are under way are still stored and answered. */
  close(options?: { readonly drainMs?: number }): Promise<void>
}
