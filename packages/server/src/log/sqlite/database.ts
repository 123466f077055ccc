import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { epochLength, randomBase36 } from '@tidings/protocol'
import type { Durability } from '../event-log.ts'
import { bootId } from './boot.ts'
import { explain } from './failure.ts'
import { emptyLogRow, type LogRow, logRowReader, logRowWriter } from './log-row.ts'
import { checkSqliteVersion, createLayout, identify } from './schema.ts'
import { checkEnds, checkSoundness, removeSoundMark, wasLeftSound } from './soundness.ts'
import { checkWriteAheadLog } from './write-ahead-log.ts'

/** An open database, and where its log stands. */
export interface OpenDatabase {
  readonly db: DatabaseSync
  readonly row: LogRow
}

/**
 * The one name of a file that may have several: links must not lead two servers to it. Makes its folder.
 * @throws StoreRefused if the folder cannot be made.
 */
export function realPath(path: string): string {
  try {
    mkdirSync(dirname(path), { recursive: true })
    return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path))
  } catch (error) {
    throw explain(error, path)
  }
}

/**
 * Opens a database to write to, creating it if there is none. The caller holds its lock.
 * @throws StoreRefused if it is foreign, newer or damaged; then the file is as it was.
 */
export function openDatabase(path: string, durability: Durability): OpenDatabase {
  checkSqliteVersion(process.versions.sqlite ?? '0')
  const isSound = wasLeftSound(path)
  let db: DatabaseSync | undefined
  try {
    if (existsSync(path)) inspect(path, isSound)
    db = new DatabaseSync(path)
    configure(db, durability)
    const row = identify(db, path) === 'ours' ? resume(db, path, durability, isSound) : create(db, durability)
    removeSoundMark(path)
    return { db, row }
  } catch (error) {
    db?.close()
    throw explain(error, path)
  }
}

/** On a connection that cannot write, so that what is refused stays as it was found. */
function inspect(path: string, isSound: boolean): void {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    // The check goes from every event to its place in the index: with the usual cache it takes twice the time.
    db.exec('PRAGMA cache_size = -65536')
    if (identify(db, path) === 'empty') return
    if (isSound) checkEnds(db, path)
    else checkUncleanStop(db, path)
  } finally {
    db.close()
  }
}

function checkUncleanStop(db: DatabaseSync, path: string): void {
  const { durability, boot } = logRowReader(db, path)()
  checkWriteAheadLog(db, path, { isOrdered: durability === 'fsync', isSameBoot: boot === bootId() })
  checkSoundness(db, path)
}

function configure(db: DatabaseSync, durability: Durability): void {
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${durability === 'fsync' ? 'FULL' : 'NORMAL'};
    -- On macOS fsync alone leaves the data in the drive's own memory.
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    -- The writer checkpoints by hand, to see its errors: SQLite swallows those of its own.
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = ${64 * 1024 * 1024};
    PRAGMA busy_timeout = 5000;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -16384;
  `)
}

function create(db: DatabaseSync, durability: Durability): LogRow {
  db.exec('BEGIN IMMEDIATE')
  createLayout(db)
  const row = emptyLogRow(durability, bootId() ?? '')
  logRowWriter(db)(row)
  db.exec('COMMIT')
  return row
}

/**
 * What was written without fsync before the machine stopped may have lost its end: its history cannot be proven to
 * be the one that clients saw, so it goes on under a new epoch. A clean stop has synced everything.
 */
function resume(db: DatabaseSync, path: string, durability: Durability, isSound: boolean): LogRow {
  const before = logRowReader(db, path)()
  const boot = bootId()
  const isProven = before.durability === 'fsync' || isSound || before.boot === boot
  const epoch = isProven ? before.epoch : randomBase36(epochLength)
  const row: LogRow = { ...before, epoch, durability, boot: boot ?? '' }
  if (row.epoch !== before.epoch || row.durability !== before.durability || row.boot !== before.boot) {
    logRowWriter(db)(row)
  }
  return row
}
