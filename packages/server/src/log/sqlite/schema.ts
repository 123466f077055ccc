import type { DatabaseSync } from 'node:sqlite'
import { StoreRefused } from '../store-refused.ts'

/** Marks a file as ours: "Tdng" in ASCII. */
const applicationId = 0x54646e67

/** The layout below. A higher one in a file means that a newer Tidings wrote it. */
const schemaVersion = 1

/** SQLite 3.7.0 to 3.51.2 can lose data when two connections write and checkpoint at once. */
const oldestSqlite = '3.51.3'

const layout = `
  -- One row: what must change together with the events.
  CREATE TABLE log (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    epoch       TEXT    NOT NULL,
    head        INTEGER NOT NULL,  -- number of the newest event ever written
    head_tag    TEXT    NOT NULL,
    trimmed     INTEGER NOT NULL,  -- number of the newest event that retention removed
    trimmed_tag TEXT    NOT NULL,
    bytes       INTEGER NOT NULL,  -- sum of events.bytes
    durability  TEXT    NOT NULL,  -- of the last process that wrote here
    boot        TEXT    NOT NULL,  -- the machine's boot in which it ran
    sum         INTEGER NOT NULL   -- CRC-32 of all the others: SQLite's own pages carry none
  ) STRICT;

  CREATE TABLE events (
    seq     INTEGER PRIMARY KEY,
    topic   TEXT    NOT NULL,
    tag     TEXT    NOT NULL,
    time    INTEGER NOT NULL,
    type    TEXT    NOT NULL,
    format  TEXT    NOT NULL,
    bytes   INTEGER NOT NULL,
    sum     INTEGER NOT NULL,      -- CRC-32 of all the others
    payload TEXT    NOT NULL
  ) STRICT;

  -- Holds (topic, seq): reads one topic in order, and steps from topic to topic.
  CREATE INDEX events_by_topic ON events (topic);

  CREATE TABLE idempotency (
    key   TEXT    PRIMARY KEY,
    hash  TEXT    NOT NULL,        -- SHA-256 of the events
    epoch TEXT    NOT NULL,
    first INTEGER NOT NULL,
    tags  TEXT    NOT NULL,        -- of all events, joined
    time  INTEGER NOT NULL,
    sum   INTEGER NOT NULL         -- CRC-32 of all the others
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX idempotency_by_time ON idempotency (time);
`

/**
 * Whether a database is ours, or may become it because it is empty.
 * @throws StoreRefused if it is another program's, or a newer Tidings'.
 */
export function identify(db: DatabaseSync, path: string): 'ours' | 'empty' {
  const id = pragma(db, 'application_id')
  const version = pragma(db, 'user_version')
  if (id === 0 && version === 0 && isEmpty(db)) return 'empty'
  if (id !== applicationId) {
    throw new StoreRefused(`${path} is not a Tidings database; choose another file.`)
  }
  if (version === schemaVersion) return 'ours'
  throw new StoreRefused(
    `${path} was written by another Tidings (layout ${version}, this one knows ${schemaVersion}); upgrade this one.`,
  )
}

/** Creates the layout. To be called in a transaction, so that a crash leaves all of it or nothing. */
export function createLayout(db: DatabaseSync): void {
  db.exec(`${layout} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion};`)
}

/**
 * Refuses an SQLite that can lose data.
 * @param version of the SQLite that Node.js brings.
 * @throws StoreRefused
 */
export function checkSqliteVersion(version: string): void {
  if (ordinal(version) >= ordinal(oldestSqlite)) return
  throw new StoreRefused(
    `This Node.js brings SQLite ${version}, which can lose data; Tidings needs ${oldestSqlite} or later. Upgrade Node.js.`,
  )
}

/** A version as one number, in SQLite's own way: 3.51.3 is 3051003. */
function ordinal(version: string): number {
  return version.split('.').reduce((sum, part, index) => sum + Number(part) * 1000 ** (2 - index), 0)
}

function isEmpty(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
}

function pragma(db: DatabaseSync, name: 'application_id' | 'user_version'): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name]
}
