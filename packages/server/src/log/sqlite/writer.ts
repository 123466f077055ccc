import type { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { epochLength, randomBase36 } from '@tidings/protocol'
import type { Retention } from '../event-log.ts'
import { openDatabase } from './database.ts'
import { EventTable } from './event-table.ts'
import { classify } from './failure.ts'
import { hashOf, KeyTable } from './key-table.ts'
import { type FileLock, lockFile } from './lock.ts'
import { floorOf, headOf, type LogRow, logRowWriter } from './log-row.ts'
import type {
  Columns,
  Group,
  GroupResult,
  State,
  ThreadData,
  WriterAnswers,
  WriterRequest,
} from './messages.ts'
import { rememberFile } from './same-file.ts'
import { serveThread } from './serve-thread.ts'
import { markSound } from './soundness.ts'

/** The thread that owns the file: the only one that writes, and the only one that checkpoints. */

/** Events removed in one transaction: appends wait for one step at most, some 5 ms. */
const trimStep = 500

/** Written bytes after which the write-ahead log is copied back: it stays small, reads stay fast. */
const checkpointBytes = 8 * 1024 * 1024

/** What a commit costs the write-ahead log besides its payloads: pages are whole. */
const commitOverheadBytes = 16 * 1024

/** Pages in the write-ahead log (64 MiB) that are worth waiting for a reader: it can begin anew only without one. */
const longWalPages = 16 * 1024

const { path, durability, idempotencyWindowMs } = workerData as ThreadData

let lock: FileLock
let db: DatabaseSync
let row: LogRow
let events: EventTable
let keys: KeyTable
let saveRow: (row: LogRow) => void
let isSameFile: () => boolean
let uncheckpointedBytes = 0

serveThread<WriterRequest>(open, answer, (error) => classify(error, path))

function open(): State {
  lock = lockFile(path)
  try {
    const opened = openDatabase(path, durability)
    db = opened.db
    row = opened.row
  } catch (error) {
    lock.release()
    throw error
  }
  isSameFile = rememberFile(path)
  events = new EventTable(db)
  keys = new KeyTable(db, path)
  saveRow = logRowWriter(db)
  return state()
}

function answer(request: WriterRequest): WriterAnswers[WriterRequest['kind']] {
  switch (request.kind) {
    case 'append':
      return append(request.columns, request.groups)
    case 'trim':
      return trim(request.retention, request.now)
    case 'rotate':
      return rotate()
    case 'close':
      return close()
  }
}

/** One commit for all groups that gathered while the last one was under way. */
function append(columns: Columns, groups: readonly Group[]): WriterAnswers['append'] {
  const bytes = row.bytes
  const results = transaction(() => {
    let at = 0
    return groups.map((group) => {
      at += group.count
      return appendGroup(columns, at - group.count, at, group.key)
    })
  })
  if (!isSameFile()) throw new Error(`${path} was deleted, moved or replaced while it was in use`)
  noteWritten(row.bytes - bytes)
  return { results, state: state() }
}

function appendGroup(columns: Columns, from: number, to: number, key: string | undefined): GroupResult {
  const first = row.head + 1
  if (key !== undefined) {
    const time = columns.time[from]!
    const hash = hashOf(columns, from, to)
    const earlier = keys.find(key, hash, time - idempotencyWindowMs)
    if (earlier === 'mismatch') return { kind: 'mismatch' }
    if (earlier !== undefined) return { kind: 'duplicate', cursors: earlier }
    keys.remember({ key, hash, epoch: row.epoch, first, tags: columns.tag.slice(from, to).join(''), time })
  }
  row = events.insert(columns, from, to, row)
  return { kind: 'stored', first }
}

/** One step of retention. */
function trim(retention: Retention, now: number): WriterAnswers['trim'] {
  const before = row
  const forgotten = transaction(() => {
    row = events.removeOldest(retention, now, trimStep, row)
    return keys.forget(now - idempotencyWindowMs, trimStep)
  })
  const removed = row.trimmed - before.trimmed
  if (removed + forgotten > 0) noteWritten(before.bytes - row.bytes)
  return { removed, isDone: removed < trimStep && forgotten < trimStep, state: state() }
}

function rotate(): State {
  transaction(() => {
    row = { ...row, epoch: randomBase36(epochLength) }
  })
  noteWritten(0)
  return state()
}

function close(): undefined {
  try {
    const { busy } = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()!
    db.close()
    if (busy === 0 && isSameFile()) markSound(path)
  } catch (error) {
    // With a full disk the write-ahead log stays, and the next start looks through the file.
    if (classify(error, path).kind === 'failed') throw error
  } finally {
    if (db.isOpen) db.close()
    lock.release()
  }
}

/** All of it or none: on an error the file and `row` are as they were. */
function transaction<Result>(work: () => Result): Result {
  const before = row
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    if (row !== before) saveRow(row)
    db.exec('COMMIT')
    return result
  } catch (error) {
    row = before
    // SQLite may have rolled back on its own; then there is nothing left to undo.
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function noteWritten(bytes: number): void {
  const isDue = uncheckpointedBytes >= checkpointBytes
  uncheckpointedBytes += bytes + commitOverheadBytes
  // After the answer: whoever waits for it need not wait for the checkpoint too.
  if (!isDue && uncheckpointedBytes >= checkpointBytes) setImmediate(checkpoint)
}

/** Copies the write-ahead log back. An error that leaves the file in doubt ends the thread, and so the log. */
function checkpoint(): void {
  if (!db.isOpen) return
  uncheckpointedBytes = 0
  try {
    const { log } = db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()!
    if (Number(log) > longWalPages) db.exec('PRAGMA wal_checkpoint(RESTART)')
  } catch (error) {
    // The commits themselves stand. With a full disk the write-ahead log keeps what the file has no room for.
    if (classify(error, path).kind === 'failed') throw error
  }
}

function state(): State {
  return { floor: floorOf(row), head: headOf(row), bytes: row.bytes }
}
