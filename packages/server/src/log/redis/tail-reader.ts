import { setTimeout as pause } from 'node:timers/promises'
import type { Cursor } from '@tidings/protocol'
import type { RedisAddress } from '../../config/store-address.ts'
import { type RedisConnection, RedisLink } from '../../redis/redis-link.ts'
import type { Batch, StoredEvent } from '../event-log.ts'
import { readEntry } from './entry.ts'
import type { Resumption } from './follow.ts'
import type { LogKeys } from './log-keys.ts'
import type { LogState } from './log-state.ts'

/** An entry of a stream: its id, and its fields and values in turn. */
type Entry = readonly [id: string, fields: readonly string[]]

type TailReply = readonly (readonly [key: string, entries: readonly Entry[]])[] | null

/** Entries in one answer: with the largest events, some 64 MiB. */
const entriesAtOnce = 256

/** How long Redis waits for something to tell, in milliseconds; an answer is due soon after. */
const blockMs = 5_000
const graceMs = 2_000

/** How long after a check that failed the next one follows, in milliseconds. */
const checkAgainMs = 250

/** What a tail needs of the log. */
export interface TailReaderOptions {
  readonly address: RedisAddress
  readonly keys: LogKeys
  /** Where the log stood when it was opened. */
  readonly start: LogState
  /** Asks a new connection where the log stands. */
  follow(connection: RedisConnection): Promise<Resumption>
  /** Awaited before anything is called back; if it rejects, it is asked again. */
  check(): Promise<void> | undefined
  /** Every commit, in order. */
  onBatch(batch: Batch): void
  onUp(): void
  onDown(reason: Error): void
}

/**
 * Follows the log on a connection of its own, always from the id of the last entry that it has read: what is written
 * while there is no connection is read when there is one again.
 */
export class TailReader {
  readonly #options: TailReaderOptions
  readonly #link: RedisLink
  #place: Cursor
  /** The id of the entry that `place` came with. */
  #placeId: string
  /** Of the last entry that was read, also in the midst of an append: its id, and its number. */
  #lastId: string
  #seq: number
  #probeId = '0-0'
  /** Events of an append of which more is to come. */
  #part: StoredEvent[] = []
  /** How many answers have held anything. */
  #arrivals = 0
  /** Counts connections. */
  #round = 0

  constructor(options: TailReaderOptions) {
    this.#options = options
    this.#place = options.start.head
    this.#placeId = options.start.lastId
    this.#lastId = this.#placeId
    this.#seq = this.#place.seq
    this.#link = new RedisLink(options.address, {
      welcome: (connection) => this.#welcome(connection),
      onUp: () => {
        options.onUp()
        void this.#read()
      },
      onDown: (reason) => options.onDown(reason),
    })
  }

  /** Up to where everything was called back. */
  get place(): Cursor {
    return this.#place
  }

  get isUp(): boolean {
    return this.#link.isUp
  }

  /** Counts what has arrived: if it does not change though something was written, nothing arrives. */
  get arrivals(): number {
    return this.#arrivals
  }

  start(): void {
    this.#link.start()
  }

  /** Gives the connection up, and makes another. */
  cut(reason: Error): void {
    this.#link.cut(reason)
  }

  /**
   * Goes on where the log stands, if what this tail has seen is not a beginning of it, and says so.
   * @param resumption for the place where this tail is.
   */
  resume({ state, standing }: Resumption): void {
    // Of an append that was only begun, nobody knows whether Redis still has it: it is read again.
    this.#part = []
    this.#lastId = this.#placeId
    this.#seq = this.#place.seq
    if (standing === 'seen') return
    // What retention took is a hole of known size; anything else may be another history.
    const from = standing === 'trimmed' ? state.floor : state.head
    this.#place = from
    this.#placeId = standing === 'trimmed' ? `${from.seq}-${Number.MAX_SAFE_INTEGER}` : state.lastId
    this.#lastId = this.#placeId
    this.#seq = from.seq
    this.#options.onBatch({ epoch: from.epoch, events: [], from })
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  async #welcome(connection: RedisConnection): Promise<void> {
    this.#round++
    const { keys, follow } = this.#options
    const [newest] = (await connection.sendCommand([
      'XREVRANGE',
      keys.probes,
      '+',
      '-',
      'COUNT',
      '1',
    ])) as unknown as Entry[]
    this.#probeId = newest?.[0] ?? '0-0'
    this.resume(await follow(connection))
  }

  async #read(): Promise<void> {
    const options = this.#options
    const { events, probes } = options.keys
    const round = this.#round
    try {
      while (this.#link.isUp) {
        const args = ['XREAD', 'COUNT', String(entriesAtOnce), 'BLOCK', String(blockMs), 'STREAMS']
        const reply = await this.#link.send<TailReply>(
          [...args, events, probes, this.#lastId, this.#probeId],
          blockMs + graceMs,
        )
        if (reply === null) continue
        this.#arrivals++
        const of = (name: string) => reply.find(([key]) => key === name)?.[1] ?? []
        this.#hear(of(probes))
        const due = options.check()
        // Another connection may have gone on meanwhile.
        if (due !== undefined && !(await this.#isGranted(due, round))) return
        this.#take(of(events))
      }
    } catch (error) {
      this.#link.cut(error as Error)
    }
  }

  /**
   * Waits until what was read may be called back. The connection is kept: it is not what fails, and a new one would
   * bring the same at once.
   * @returns `false` if it is over meanwhile.
   */
  async #isGranted(due: Promise<void>, round: number): Promise<boolean> {
    const isCurrent = () => this.#link.isUp && round === this.#round
    for (let check: Promise<void> | undefined = due; ; ) {
      try {
        await check
        return isCurrent()
      } catch {
        await pause(checkAgainMs)
      }
      if (!isCurrent()) return false
      check = this.#options.check()
    }
  }

  /** Reads probes, and word of a log that began anew: in that one the numbers after this place are others. */
  #hear(entries: readonly Entry[]): void {
    for (const [id, [field, epoch]] of entries) {
      this.#probeId = id
      if (field === 'log' && epoch !== this.#place.epoch) throw new Error('the log began anew')
    }
  }

  #take(entries: readonly Entry[]): void {
    let events: StoredEvent[] = []
    for (const [id, [field, value]] of entries) {
      const dash = id.indexOf('-')
      const seq = Number(id.slice(0, dash))
      this.#lastId = id
      if (field === 'epoch') {
        this.#emit(events)
        events = []
        this.#place = { ...this.#place, epoch: value! }
        this.#placeId = id
        this.#options.onBatch({ epoch: value!, events: [] })
        continue
      }
      if (seq !== this.#seq + 1) throw new Error(`Redis tells of event ${seq} after ${this.#seq}`)
      this.#seq = seq
      this.#part.push(readEntry(seq, value!))
      // No append is shown in two.
      if (!id.endsWith('-0')) continue
      for (const event of this.#part.splice(0)) events.push(event)
      this.#placeId = id
    }
    this.#emit(events)
  }

  #emit(events: readonly StoredEvent[]): void {
    const last = events.at(-1)
    if (last === undefined) return
    const { epoch } = this.#place
    this.#place = { epoch, seq: last.seq, tag: last.tag }
    this.#options.onBatch({ epoch, events })
  }
}
