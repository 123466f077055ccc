import { deserialize } from 'node:v8'
import { type Cursor, type NewEvent, TidingsError } from '@tidings/protocol'
import type { Channel } from '../../channel/channel.ts'
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
  Selection,
  Standing,
  StoreHealth,
  Tail,
} from '../event-log.ts'
import { logClosed, storageFailed } from '../refusals.ts'
import { batchOf, type PlainBatch, pageOf } from './columns.ts'
import {
  type LogAnswers,
  type LogRequest,
  logBatch,
  logFailure,
  logQuestion,
  type Opened,
  type PlainSelection,
} from './messages.ts'

/** Opens the log that the process at the other end of a channel owns. */
export function openWorkerLog(channel: Channel): Promise<EventLog> {
  return WorkerLog.open(channel)
}

/** A log that another process owns: every question goes there, and every batch comes from there. */
class WorkerLog implements EventLog {
  readonly durability: Durability
  readonly health: StoreHealth
  readonly failed: Promise<Error>
  readonly #channel: Channel
  readonly #listeners = new Set<(batch: Batch) => void>()
  readonly #pending = new Set<Promise<unknown>>()
  #head: Cursor
  #closed: Promise<void> | undefined
  #failure: Error | undefined
  #fail!: (error: Error) => void

  static async open(channel: Channel): Promise<WorkerLog> {
    // Batches may come in the same moment as the answer, before whoever waits for it goes on.
    const early: Batch[] = []
    let take = (batch: Batch): void => {
      early.push(batch)
    }
    channel.hear(logBatch, (bytes: Uint8Array) => take(batchOf(deserialize(bytes) as PlainBatch)))
    const log = new WorkerLog(channel, await channel.ask<Opened>(logQuestion, { kind: 'open' }))
    for (const batch of early) log.#show(batch)
    take = (batch) => log.#show(batch)
    return log
  }

  private constructor(channel: Channel, { head, durability, health }: Opened) {
    this.#channel = channel
    this.#head = head
    this.durability = durability
    this.health = health
    this.failed = new Promise((resolve) => {
      this.#fail = resolve
    })
    channel.hear(logFailure, (message: string) => this.#die(new Error(message)))
    void channel.ended.then(() => this.#die(new Error('the process that owns the log has ended')))
  }

  append(events: readonly NewEvent[], options: AppendOptions = {}): Promise<Appended> {
    return this.#ask({ kind: 'append', events, options })
  }

  async read({ selection, after, limit, upTo }: ReadForward): Promise<Page> {
    return pageOf(await this.#ask({ kind: 'read', selection: plain(selection), after, limit, upTo }))
  }

  async readBack({ selection, before, limit }: ReadBackward): Promise<Page> {
    return pageOf(await this.#ask({ kind: 'readBack', selection: plain(selection), before, limit }))
  }

  stand(cursor: Cursor): Promise<Standing> {
    return this.#ask({ kind: 'stand', cursor })
  }

  async tail(onBatch: (batch: Batch) => void): Promise<Tail> {
    this.#listeners.add(onBatch)
    return { head: this.#head, stop: () => void this.#listeners.delete(onBatch) }
  }

  bounds(): Promise<Bounds> {
    return this.#ask({ kind: 'bounds' })
  }

  trim(retention: Retention, now?: number): Promise<number> {
    return this.#ask({ kind: 'trim', retention, now })
  }

  rotate(): Promise<string> {
    return this.#ask({ kind: 'rotate' })
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#pending).then(() => {})
    return this.#closed
  }

  async #ask<Kind extends keyof LogAnswers>(
    request: Extract<LogRequest, { readonly kind: Kind }>,
  ): Promise<LogAnswers[Kind]> {
    if (this.#failure !== undefined) throw storageFailed(this.#failure)
    if (this.#closed !== undefined) throw logClosed()
    const answer = this.#channel.ask<LogAnswers[Kind]>(logQuestion, request)
    this.#pending.add(answer)
    try {
      return await answer
    } catch (error) {
      if (error instanceof TidingsError) throw error
      this.#die(error as Error)
      throw storageFailed(this.#failure!)
    } finally {
      this.#pending.delete(answer)
    }
  }

  #show(batch: Batch): void {
    const { epoch, events, from } = batch
    const last = events.at(-1)
    this.#head =
      last === undefined ? (from ?? { ...this.#head, epoch }) : { epoch, seq: last.seq, tag: last.tag }
    for (const listener of this.#listeners) listener(batch)
  }

  #die(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#fail(error)
  }
}

function plain({ topics, types }: Selection): PlainSelection {
  return { patterns: [...topics.exact, ...topics.patterns], types }
}
