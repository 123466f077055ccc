import type { Cursor, NewEvent } from '@tidings/protocol'
import type { RedisAddress } from '../../config/store-address.ts'
import { type RedisConnection, RedisLink } from '../../redis/redis-link.ts'
import type {
  Appended,
  AppendOptions,
  Batch,
  Bounds,
  Durability,
  EventLog,
  Page,
  ReadBackward,
  ReadForward,
  Retention,
  Standing,
  StoreHealth,
  StoreNotice,
  Tail,
} from '../event-log.ts'
import { logClosed, storageUnavailable } from '../refusals.ts'
import type { Asking } from './asking.ts'
import { type AppendReply, Commits } from './commits.ts'
import { follow, newEpoch } from './follow.ts'
import { KnownPlace } from './known-place.ts'
import { Liveness } from './liveness.ts'
import { keptProbes, keysOf, type LogKeys } from './log-keys.ts'
import { type LogState, placeArgs, readState, type StateReply } from './log-state.ts'
import { Notices, starvedReason } from './notices.ts'
import { checkFacts, type RedisFacts, readFacts } from './redis-facts.ts'
import { refusalOfRead, refusalOfStore, refusalOfWrite, wantsAnother } from './refusal.ts'
import { scripts } from './scripts.ts'
import { LogMissing, Selector } from './selector.ts'
import { Showing } from './showing.ts'
import { TailReader } from './tail-reader.ts'

/** How to open a log on Redis. */
export interface RedisLogOptions {
  readonly address: RedisAddress
  /** What an acknowledgement has to be worth at least; `fsync` if absent. */
  readonly durability?: Durability
  /** How long an idempotency key is remembered, in milliseconds; 24 hours if absent. */
  readonly idempotencyWindowMs?: number
  readonly onNotice?: (notice: StoreNotice) => void
}

const day = 24 * 60 * 60 * 1000

/** Events removed in one step of retention: some milliseconds of Redis. */
const trimStep = 500

/** How often it is looked what Redis is set to, in milliseconds. */
const factsMs = 2_000

/** How long a look whether all is well may take, in milliseconds. */
const hastyMs = 2_000

/**
 * Opens a log on Redis, and waits for Redis as long as it takes.
 * @throws StoreRefused if Redis lets nobody in, is too old, or can lose what `durability` promises; the message says
 *   what to do.
 */
export async function createRedisLog(options: RedisLogOptions): Promise<EventLog> {
  const log = new RedisLog(options)
  try {
    await log.opened
    return log
  } catch (error) {
    await log.close()
    throw error
  }
}

class RedisLog implements EventLog {
  /** Never resolves: a Redis that is away may come back, and one that lost something begins a new epoch. */
  readonly failed = new Promise<Error>(() => {})
  readonly opened: Promise<void>
  readonly #address: RedisAddress
  readonly #least: Durability
  readonly #windowMs: number
  readonly #notices: Notices
  readonly #keys: LogKeys
  readonly #link: RedisLink
  readonly #asking: Asking = { sendCommand: (args) => this.#link.send(args) }
  /** Whoever takes longer over a question this small is not alive. */
  readonly #hasty: Asking = { sendCommand: (args) => this.#link.send(args, hastyMs) }
  readonly #selector: Selector
  readonly #listeners = new Set<(batch: Batch) => void>()
  readonly #commits = new Commits({
    store: (args) => this.#store(args),
    stored: (last) => this.#stored(last),
  })
  readonly #showing = new Showing()
  readonly #opening = Promise.withResolvers<void>()
  #check: () => Promise<void> | undefined = () => undefined
  #facts: RedisFacts | undefined
  #tail: TailReader | undefined
  #liveness: Liveness | undefined
  #watch: NodeJS.Timeout | undefined
  #known: KnownPlace | undefined
  /** As they were last seen. */
  #bounds: Bounds | undefined
  #closed: Promise<void> | undefined

  constructor({ address, durability = 'fsync', idempotencyWindowMs = day, onNotice }: RedisLogOptions) {
    this.opened = this.#opening.promise
    this.#address = address
    this.#least = durability
    this.#windowMs = idempotencyWindowMs
    this.#notices = new Notices(address.shown, onNotice)
    this.#keys = keysOf(address.prefix)
    this.#link = new RedisLink(address, {
      welcome: (connection) => this.#welcome(connection),
      onUp: () => this.#notices.up(this.#facts!),
      onDown: (reason) => this.#onDown(reason),
    })
    this.#selector = new Selector(this.#link, this.#keys, () => this.#facts?.isEvicting === false)
    this.#link.start()
  }

  get durability(): Durability {
    return this.#facts?.durability ?? this.#least
  }

  get health(): StoreHealth {
    const warnings = this.#facts?.warnings ?? []
    if (!this.#link.isUp) {
      return { engine: 'redis', state: 'unavailable', reason: this.#notices.whyDown, warnings }
    }
    if (this.#tail?.isUp === true && this.#liveness?.isStarved === false) {
      return { engine: 'redis', state: 'up', warnings }
    }
    return { engine: 'redis', state: 'starved', reason: starvedReason, warnings }
  }

  append(events: readonly NewEvent[], { idempotencyKey: key }: AppendOptions = {}): Promise<Appended> {
    // What is thrown in here rejects the promise.
    return new Promise((resolve, reject) => {
      this.#checkOpen()
      if (events.length === 0) return resolve({ cursors: [], isDuplicate: false })
      if (!this.#link.isUp) throw storageUnavailable(new Error(this.health.reason))
      this.#commits.add({ events, key, time: Date.now(), resolve, reject })
    })
  }

  read({ selection, after, limit, upTo = Number.POSITIVE_INFINITY }: ReadForward): Promise<Page> {
    return this.#ask(() => this.#selector.find(selection, { sign: 1, from: after + 1, to: upTo }, limit))
  }

  readBack({ selection, before = Number.POSITIVE_INFINITY, limit }: ReadBackward): Promise<Page> {
    return this.#ask(() => this.#selector.find(selection, { sign: -1, from: before - 1, to: 0 }, limit))
  }

  stand(cursor: Cursor): Promise<Standing> {
    return this.#ask(() => this.#run<Standing>('stand', placeArgs(cursor)))
  }

  async tail(onBatch: (batch: Batch) => void): Promise<Tail> {
    this.#listeners.add(onBatch)
    return { head: this.#tail!.place, stop: () => void this.#listeners.delete(onBatch) }
  }

  async bounds(): Promise<Bounds> {
    const fields = ['epoch', 'head', 'head_tag', 'floor', 'floor_tag', 'bytes', 'marks']
    try {
      const row = await this.#link.send<(string | null)[]>(['HMGET', this.#keys.log[0], ...fields])
      if (row[0] !== null) this.#bounds = boundsOf(readState(row as unknown as StateReply))
    } catch {
      // As far as is known: who asks for figures gets the last ones.
      this.#bounds = { ...this.#bounds!, head: this.#tail!.place }
    }
    return this.#bounds!
  }

  handOutAfter(check: () => Promise<void> | undefined): void {
    this.#check = check
  }

  /** Without `now` by the clock of Redis: that of this node may be wrong, and what it takes away is gone for all. */
  async trim({ ageMs, events, bytes }: Retention, now?: number): Promise<number> {
    for (let total = 0; ; ) {
      const args = [now ?? '', ageMs, events, bytes, trimStep].map(String)
      const [removed] = await this.#write(() => this.#run<[number, StateReply]>('trim', args))
      total += removed
      if (removed < trimStep) return total
    }
  }

  async rotate(): Promise<string> {
    const reply = await this.#write(() => this.#run<StateReply>('rotate', [newEpoch()]))
    const { head } = readState(reply)
    await this.#showing.until(head)
    return head.epoch
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#commits.done
    clearInterval(this.#watch)
    this.#liveness?.close()
    await Promise.all([this.#tail?.close(), this.#link.close()])
    this.#showing.close()
  }

  /** What happens first on every connection that writes: is it one that may, and does it hold what we know of? */
  async #welcome(connection: RedisConnection): Promise<void> {
    const facts = await readFacts(connection)
    // A server that runs goes on with what it is given, and says so.
    if (this.#tail === undefined) checkFacts(facts, this.#least, this.#address.shown)
    this.#learn(facts)
    const resumption = await follow(connection, { keys: this.#keys.log, facts, place: this.#known?.place })
    if (this.#tail === undefined) this.#startTail(resumption.state)
    else if (resumption.standing !== 'seen') this.#tail.cut(new Error('the log goes on elsewhere'))
  }

  #startTail(start: LogState): void {
    this.#known = new KnownPlace(start.head)
    this.#bounds = boundsOf(start)
    const tail = new TailReader({
      address: this.#address,
      keys: this.#keys,
      start,
      follow: async (connection) => {
        const facts = await readFacts(connection)
        // Of another history, or of one that nobody feeds any more: to show it would be to lose the place in this one.
        if (facts.run !== this.#facts!.run)
          throw new Error('it is another Redis than the one that is written to')
        return follow(connection, { keys: this.#keys.log, facts, place: tail.place })
      },
      check: () => this.#check(),
      onBatch: (batch) => this.#onBatch(batch, tail.place),
      onUp: () => {
        this.#notices.tailUp()
        this.#opening.resolve()
      },
      onDown: (reason) => {
        // When Redis itself is away, that is said already.
        if (this.#link.isUp) this.#notices.tailDown(reason)
      },
    })
    this.#tail = tail
    this.#showing.reach(start.head)
    this.#liveness = new Liveness({
      tail,
      follow: (place) => follow(this.#hasty, { keys: this.#keys.log, facts: this.#facts!, place }),
      probe: () =>
        this.#hasty.sendCommand(['XADD', this.#keys.probes, 'MAXLEN', keptProbes, '*', 'probe', '']),
      onStarved: () => this.#notices.starved(),
    })
    this.#watch = setInterval(() => void this.#lookAtFacts(), factsMs).unref()
    tail.start()
  }

  #onDown(reason: Error): void {
    const refusal = refusalOfStore(reason, this.#address.shown)
    if (refusal !== undefined) this.#opening.reject(refusal)
    this.#notices.down(reason, this.#tail === undefined && refusal !== undefined)
  }

  #onBatch(batch: Batch, place: Cursor): void {
    this.#known!.follow(batch, place)
    for (const listener of this.#listeners) listener(batch)
    this.#showing.reach(place)
  }

  async #lookAtFacts(): Promise<void> {
    if (!this.#link.isUp) return
    try {
      const facts = await readFacts(this.#asking)
      this.#learn(facts)
      if (!facts.isMaster) this.#link.cut(new Error('it is a replica now'))
    } catch {
      // The link says itself when it is down.
    }
  }

  #learn(facts: RedisFacts): void {
    this.#facts = facts
    this.#notices.learn(facts)
  }

  #store(args: readonly string[]): Promise<AppendReply> {
    const before = [newEpoch(), ...placeArgs(this.#known!.place), String(this.#windowMs)]
    return this.#write(() => this.#run<AppendReply>('append', [...before, ...args]))
  }

  /** Waits until this node has shown it too: whoever publishes and then looks finds it. */
  async #stored(last: Cursor): Promise<void> {
    const [tail, known] = [this.#tail!, this.#known!]
    known.acknowledge(last)
    if (!tail.isUp || known.hasLeft(last.epoch)) return
    await this.#showing.until(last)
    // Redis stores in an epoch that its events did not tell of: they are of another history.
    const isElsewhere = tail.place.epoch !== last.epoch && !known.hasLeft(last.epoch)
    if (isElsewhere) tail.cut(new Error('the log goes on elsewhere'))
  }

  async #run<Reply>(name: keyof typeof scripts, args: readonly string[]): Promise<Reply> {
    const reply = await this.#link.run<Reply | null>(scripts[name], this.#keys.log, args)
    if (reply === null) throw new LogMissing('the log is gone from Redis, and begins anew')
    return reply
  }

  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    this.#checkOpen()
    try {
      const answer = await ask()
      const due = this.#check()
      if (due !== undefined) await due
      return answer
    } catch (error) {
      throw this.#noting(error as Error, refusalOfRead)
    }
  }

  async #write<Answer>(write: () => Promise<Answer>): Promise<Answer> {
    try {
      return await write()
    } catch (error) {
      throw this.#noting(error as Error, refusalOfWrite)
    }
  }

  #noting(error: Error, refusal: (error: Error) => Error): Error {
    if (wantsAnother(error)) {
      this.#link.cut(error)
      this.#tail?.cut(error)
    }
    return this.#closed === undefined ? refusal(error) : logClosed()
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw logClosed()
  }
}

function boundsOf({ floor, head, bytes }: LogState): Bounds {
  return { floor, head, bytes }
}
