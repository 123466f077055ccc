import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { damaged } from '../store-refused.ts'
import { eventColumns, eventOf } from './event-row.ts'
import { KeyTable } from './key-table.ts'
import { type LogRow, logRowReader } from './log-row.ts'

/**
 * Whether the file is as the last process closed it, which makes a check needless: the mark holds the size
 * and the time of change at a clean stop. After a crash there is none; after a meddling hand it differs.
 */
export function wasLeftSound(path: string): boolean {
  try {
    return !existsSync(`${path}-wal`) && readFileSync(markOf(path), 'utf8') === fingerprint(path)
  } catch {
    return false
  }
}

/** Called before anything is written. */
export function removeSoundMark(path: string): void {
  rmSync(markOf(path), { force: true })
}

/** Called when everything is written and closed. */
export function markSound(path: string): void {
  try {
    writeFileSync(markOf(path), fingerprint(path))
  } catch {
    // Without the mark the next start looks through the file; nothing is lost.
  }
}

/**
 * Looks at every page, every event and every key. A million events take about two seconds.
 * @throws StoreRefused if any of it is damaged.
 */
export function checkSoundness(db: DatabaseSync, path: string): void {
  const verdict = db.prepare('PRAGMA integrity_check(1)').get()?.integrity_check
  if (verdict !== 'ok') throw damaged(path, String(verdict))
  const row = logRowReader(db, path)()
  let { trimmed: last, bytes } = row
  const events = db.prepare(`SELECT ${eventColumns} FROM events ORDER BY seq`)
  events.setReturnArrays(true)
  for (const found of events.iterate() as Iterable<unknown> as Iterable<readonly unknown[]>) {
    const event = eventOf(found, path)
    if (event.seq !== last + 1) throw damaged(path, `events ${last + 1} to ${event.seq - 1} are missing`)
    last = event.seq
    bytes -= found[7] as number
  }
  checkEnd(row, last, path)
  if (bytes !== 0) throw damaged(path, 'the size of its events is not what was written')
  new KeyTable(db, path).checkAll()
}

/**
 * Looks at the ends alone, which costs nothing: another file's write-ahead log or a half restored backup shows here.
 * @throws StoreRefused if they are not where the log says.
 */
export function checkEnds(db: DatabaseSync, path: string): void {
  const row = logRowReader(db, path)()
  const { first, last } = db.prepare('SELECT min(seq) AS first, max(seq) AS last FROM events').get()!
  checkEnd(row, Number(last ?? row.trimmed), path)
  if (first !== null && first !== row.trimmed + 1) throw damaged(path, 'its oldest events are missing')
}

function checkEnd(row: LogRow, last: number, path: string): void {
  if (last !== row.head) throw damaged(path, `events ${last + 1} to ${row.head} are missing`)
}

function markOf(path: string): string {
  return `${path}-sound`
}

function fingerprint(path: string): string {
  const { size, mtimeNs } = statSync(path, { bigint: true })
  return `${size} ${mtimeNs}\n`
}
