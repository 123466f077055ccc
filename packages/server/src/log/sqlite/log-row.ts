import type { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { type Cursor, epochLength, originTag, randomBase36 } from '@tidings/protocol'
import type { Durability } from '../event-log.ts'
import { damaged } from '../store-refused.ts'

/** The one row of table `log`: where the log stands. */
export interface LogRow {
  readonly epoch: string
  readonly head: number
  readonly head_tag: string
  readonly trimmed: number
  readonly trimmed_tag: string
  readonly bytes: number
  readonly durability: Durability
  readonly boot: string
}

/** The row of a log without events. */
export function emptyLogRow(durability: Durability, boot: string): LogRow {
  const epoch = randomBase36(epochLength)
  return {
    epoch,
    head: 0,
    head_tag: originTag,
    trimmed: 0,
    trimmed_tag: originTag,
    bytes: 0,
    durability,
    boot,
  }
}

/**
 * Prepares to read the row.
 * @returns a function that reads it, and throws StoreRefused if it is not what was written.
 */
export function logRowReader(db: DatabaseSync, path: string): () => LogRow {
  const statement = db.prepare('SELECT * FROM log')
  return () => {
    const row = statement.get() as unknown as (LogRow & { readonly sum: number }) | undefined
    if (row === undefined || checksum(row) !== row.sum)
      throw damaged(path, 'where it stands is not what was written')
    return row
  }
}

/** Prepares to write the row. */
export function logRowWriter(db: DatabaseSync): (row: LogRow) => void {
  const statement = db.prepare('INSERT OR REPLACE INTO log VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  return (row) => void statement.run(...fieldsOf(row), checksum(row))
}

/** The place after the newest event. */
export function headOf(row: LogRow): Cursor {
  return { epoch: row.epoch, seq: row.head, tag: row.head_tag }
}

/** The place before the oldest event that is kept. */
export function floorOf(row: LogRow): Cursor {
  return { epoch: row.epoch, seq: row.trimmed, tag: row.trimmed_tag }
}

function fieldsOf(row: LogRow): (string | number)[] {
  const { epoch, head, head_tag, trimmed, trimmed_tag, bytes, durability, boot } = row
  return [epoch, head, head_tag, trimmed, trimmed_tag, bytes, durability, boot]
}

function checksum(row: LogRow): number {
  return crc32(fieldsOf(row).join(' '))
}
