import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { type Cursor, originTag } from '@tidings/protocol'
import type { Page, Standing } from '../event-log.ts'
import type { Found } from '../range.ts'
import { classify } from './failure.ts'
import { floorOf, type LogRow, logRowReader } from './log-row.ts'
import type { ReadBackRequest, ReaderAnswers, ReaderRequest, ReadRequest, ThreadData } from './messages.ts'
import { Selector } from './selector.ts'
import { serveThread } from './serve-thread.ts'

/** The thread that answers reads, so that a long catch-up never delays a commit. */

const { path } = workerData as ThreadData

let db: DatabaseSync
let selector: Selector
let readRow: () => LogRow
let tags: StatementSync

serveThread<ReaderRequest>(open, answer, (error) => classify(error, path))

function open(): undefined {
  db = new DatabaseSync(path, { readOnly: true })
  db.exec('PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16384; PRAGMA mmap_size = 0')
  selector = new Selector(db, path)
  readRow = logRowReader(db, path)
  tags = db.prepare('SELECT tag FROM events WHERE seq = ?')
}

function answer(request: ReaderRequest): ReaderAnswers[ReaderRequest['kind']] {
  if (request.kind === 'close') return void db.close()
  // One snapshot for all statements of a request: a commit or a trim in between is not seen.
  db.exec('BEGIN')
  try {
    const row = readRow()
    switch (request.kind) {
      case 'read':
        return read(row, request)
      case 'readBack':
        return readBack(row, request)
      case 'stand':
        return stand(row, request.cursor)
    }
  } finally {
    db.exec('COMMIT')
  }
}

function read(row: LogRow, { selection, after, limit, upTo }: ReadRequest): Page {
  const from = Math.max(after, row.trimmed) + 1
  const to = Math.min(upTo ?? row.head, row.head)
  if (from > to) return page(row, { events: [], reached: Math.min(from - 1, row.head) }, true)
  const found = selector.find(selection, { direction: 'forward', from, to }, limit)
  return page(row, found, found.reached === to)
}

function readBack(row: LogRow, { selection, before, limit }: ReadBackRequest): Page {
  const from = Math.min((before ?? row.head + 1) - 1, row.head)
  const to = row.trimmed + 1
  if (from < to) return page(row, { events: [], reached: row.trimmed }, true)
  const found = selector.find(selection, { direction: 'backward', from, to }, limit)
  return page(row, found, found.reached === to)
}

function page(row: LogRow, { events, reached: seq }: Found, isEnd: boolean): Page {
  const reached: Cursor = { epoch: row.epoch, seq, tag: tagOf(row, seq) ?? originTag }
  return { events, reached, isEnd, floor: floorOf(row) }
}

function stand(row: LogRow, cursor: Cursor): Standing {
  if (cursor.epoch !== row.epoch) return 'epoch'
  if (cursor.seq > row.head) return 'diverged'
  if (cursor.seq < row.trimmed) return 'trimmed'
  return tagOf(row, cursor.seq) === cursor.tag ? 'valid' : 'diverged'
}

/** The tag of a place, as far back as the newest event that retention removed. */
function tagOf(row: LogRow, seq: number): string | undefined {
  if (seq === row.head) return row.head_tag
  if (seq === row.trimmed) return row.trimmed_tag
  return tags.get(seq)?.tag as string | undefined
}
