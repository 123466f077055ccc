import { resolve } from 'node:path'
import type { Cursor, NewEvent, TidingsError } from '@tidings/protocol'
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
  StoredEvent,
  StoreHealth,
  Tail,
} from '../event-log.ts'
import { Gathering, type Pending } from '../gathering.ts'
import { idempotencyMismatch, logClosed, storageFailed, storageFull } from '../refusals.ts'
import { StoreRefused } from '../store-refused.ts'
import { columnsOf } from './columns.ts'
import { realPath } from './database.ts'
import type {
  Columns,
  GroupResult,
  PlainSelection,
  ReaderAnswers,
  ReaderRequest,
  State,
  ThreadData,
  WriterAnswers,
  WriterRequest,
} from './messages.ts'
import { Thread, ThreadClosed, ThreadFailure, ThreadRefused } from './thread.ts'

/** How to open an SQLite log. */
export interface SqliteLogOptions {
  /** The database file; it and its folder are made if missing. Files beside it bear its name and a suffix. */
  readonly path: string
  /** `fsync` (default) survives a power cut; `os-buffer` is faster and survives the death of the process. */
  readonly durability?: Exclude<Durability, 'memory'>
  /** How long an idempotency key is remembered, in milliseconds; 24 hours if absent. */
  readonly idempotencyWindowMs?: number
}

const day = 24 * 60 * 60 * 1000

/** Events in one commit: a few tens of milliseconds. */
const commitEvents = 5_000

/**
 * Opens a log in an SQLite file: a thread writes, with group commit, and another reads.
 * @throws StoreRefused if the file is in use, damaged, foreign or newer; the message says what to do.
 */
export async function createSqliteLog(options: SqliteLogOptions): Promise<EventLog> {
  return SqliteLog.open({
    path: realPath(resolve(options.path)),
    durability: options.durability ?? 'fsync',
    idempotencyWindowMs: options.idempotencyWindowMs ?? day,
  })
}

type Writer = Thread<WriterRequest, WriterAnswers>
type Reader = Thread<ReaderRequest, ReaderAnswers>

class SqliteLog implements EventLog {
  readonly durability: Durability
  readonly health: StoreHealth = { engine: 'sqlite', state: 'up', warnings: [] }
  readonly failed: Promise<Error>
  readonly #writer: Writer
  readonly #reader: Reader
  readonly #listeners = new Set<(batch: Batch) => void>()
  readonly #gathering = new Gathering(commitEvents)
  #state: State
  #isCommitting = false
  #committed: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined
  #failure: Error | undefined
  #fail!: (error: Error) => void

  static async open(data: ThreadData): Promise<SqliteLog> {
    let onDeath = (_: Error) => {}
    const writer: Writer = new Thread('writer', data, (error) => onDeath(error))
    try {
      const state = await writer.opened<State>()
      const reader: Reader = new Thread('reader', data, (error) => onDeath(error))
      await reader.opened()
      const log = new SqliteLog(data.durability, writer, reader, state)
      onDeath = (error) => log.#die(error)
      return log
    } catch (error) {
      await writer.abort()
      throw error instanceof ThreadRefused ? new StoreRefused(error.message) : error
    }
  }

  private constructor(durability: Durability, writer: Writer, reader: Reader, state: State) {
    this.durability = durability
    this.#writer = writer
    this.#reader = reader
    this.#state = state
    this.failed = new Promise((resolve) => {
      this.#fail = resolve
    })
  }

  append(events: readonly NewEvent[], { idempotencyKey: key }: AppendOptions = {}): Promise<Appended> {
    // What is thrown in here rejects the promise.
    return new Promise((resolve, reject) => {
      this.#checkOpen()
      if (events.length === 0) return resolve({ cursors: [], isDuplicate: false })
      this.#gathering.add({ events, key, time: Date.now(), resolve, reject })
      if (this.#isCommitting) return
      this.#isCommitting = true
      this.#committed = this.#commitAll()
    })
  }

  read({ selection, after, limit, upTo }: ReadForward): Promise<Page> {
    return this.#ask(() =>
      this.#reader.ask({ kind: 'read', selection: plain(selection), after, limit, upTo }),
    )
  }

  readBack({ selection, before, limit }: ReadBackward): Promise<Page> {
    return this.#ask(() => this.#reader.ask({ kind: 'readBack', selection: plain(selection), before, limit }))
  }

  stand(cursor: Cursor): Promise<Standing> {
    return this.#ask(() => this.#reader.ask({ kind: 'stand', cursor }))
  }

  async tail(onBatch: (batch: Batch) => void): Promise<Tail> {
    this.#listeners.add(onBatch)
    return { head: this.#state.head, stop: () => void this.#listeners.delete(onBatch) }
  }

  async bounds(): Promise<Bounds> {
    return this.#state
  }

  async trim(retention: Retention, now = Date.now()): Promise<number> {
    for (let total = 0; ; ) {
      const step = await this.#ask(() => this.#writer.ask({ kind: 'trim', retention, now }))
      this.#state = step.state
      total += step.removed
      if (step.isDone) return total
    }
  }

  async rotate(): Promise<string> {
    this.#state = await this.#ask(() => this.#writer.ask({ kind: 'rotate' }))
    const { epoch } = this.#state.head
    this.#emit({ epoch, events: [] })
    return epoch
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#committed
    // After a failure nobody knows what is on the disk: the file must not be marked as sound.
    if (this.#failure !== undefined) return
    await this.#reader.close()
    await this.#writer.close()
  }

  async #commitAll(): Promise<void> {
    while (!this.#gathering.isEmpty) {
      await this.#gathering.ripen()
      await this.#commit(this.#gathering.take())
      this.#gathering.expect()
    }
    this.#isCommitting = false
  }

  async #commit(pending: readonly Pending[]): Promise<void> {
    const columns = columnsOf(pending)
    const groups = pending.map(({ events, key }) => ({ count: events.length, key }))
    try {
      const { results, state } = await this.#writer.ask({ kind: 'append', columns, groups })
      this.#state = state
      this.#settle(pending, columns, results)
    } catch (error) {
      const refusal = this.#refusal(error)
      for (const { reject } of pending) reject(refusal)
    }
  }

  /** Acknowledges each append, then shows the new events to the tails: both only now that they are durable. */
  #settle(pending: readonly Pending[], columns: Columns, results: readonly GroupResult[]): void {
    const { epoch } = this.#state.head
    const stored: StoredEvent[] = []
    let at = 0
    for (const [index, { events, resolve, reject }] of pending.entries()) {
      const result = results[index]!
      if (result.kind === 'stored') {
        const cursors = events.map((event, offset): Cursor => {
          const tag = columns.tag[at + offset]!
          const seq = result.first + offset
          stored.push({ ...event, seq, tag, time: columns.time[at + offset]! })
          return { epoch, seq, tag }
        })
        resolve({ cursors, isDuplicate: false })
      } else if (result.kind === 'duplicate') resolve({ cursors: result.cursors, isDuplicate: true })
      else reject(idempotencyMismatch())
      at += events.length
    }
    if (stored.length > 0) this.#emit({ epoch, events: stored })
  }

  #emit(batch: Batch): void {
    for (const listener of this.#listeners) listener(batch)
  }

  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    this.#checkOpen()
    try {
      return await ask()
    } catch (error) {
      throw this.#refusal(error)
    }
  }

  #checkOpen(): void {
    if (this.#failure !== undefined) throw storageFailed(this.#failure)
    if (this.#closed !== undefined) throw logClosed()
  }

  #refusal(error: unknown): TidingsError {
    if (error instanceof ThreadFailure && error.failure.kind === 'full') return storageFull(error)
    if (error instanceof ThreadClosed && this.#failure === undefined) return logClosed()
    this.#die(error as Error)
    return storageFailed(this.#failure!)
  }

  #die(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#fail(error)
    void this.#reader.abort()
    void this.#writer.abort()
  }
}

function plain(selection: Selection): PlainSelection {
  const { exact, patterns } = selection.topics
  return { patterns: [...exact, ...patterns], types: selection.types }
}
