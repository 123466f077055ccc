import { createHash } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { type Cursor, tagLength } from '@tidings/protocol'
import { damaged } from '../store-refused.ts'
import type { Columns } from './messages.ts'

/** What a key stands for: a row of table `idempotency`. */
interface KeyRow {
  readonly key: string
  readonly hash: string
  readonly epoch: string
  readonly first: number
  readonly tags: string
  readonly time: number
}

/** The idempotency keys of a window of time. */
export class KeyTable {
  readonly #db: DatabaseSync
  readonly #path: string
  readonly #find: StatementSync
  readonly #insert: StatementSync
  readonly #removeOld: StatementSync

  constructor(db: DatabaseSync, path: string) {
    this.#db = db
    this.#path = path
    this.#find = db.prepare('SELECT * FROM idempotency WHERE key = ? AND time >= ?')
    this.#insert = db.prepare('INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?)')
    this.#removeOld = db.prepare(
      'DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE time < ? ORDER BY time LIMIT ?)',
    )
  }

  /**
   * What an earlier append with this key stored, if there was one.
   * @param since in milliseconds since 1970: older keys do not count.
   */
  find(key: string, hash: string, since: number): readonly Cursor[] | 'mismatch' | undefined {
    const row = this.#find.get(key, since) as KeyRow | undefined
    if (row === undefined) return undefined
    this.#check(row)
    return row.hash === hash ? cursorsOf(row) : 'mismatch'
  }

  remember(row: KeyRow): void {
    this.#insert.run(...fieldsOf(row), checksum(row))
  }

  /**
   * Removes keys older than a time.
   * @returns how many went, at most `limit`.
   */
  forget(before: number, limit: number): number {
    return Number(this.#removeOld.run(before, limit).changes)
  }

  /** @throws StoreRefused if any row is not what was written. */
  checkAll(): void {
    const all = this.#db.prepare('SELECT * FROM idempotency').iterate()
    for (const row of all as Iterable<unknown>) this.#check(row as KeyRow)
  }

  #check(row: KeyRow): void {
    if (checksum(row) === (row as KeyRow & { readonly sum: number }).sum) return
    throw damaged(this.#path, `the idempotency key ${JSON.stringify(row.key)} is not what was written`)
  }
}

/** What a key is compared by: the events from one place in the columns to another. */
export function hashOf(columns: Columns, from: number, to: number): string {
  const hash = createHash('sha256')
  for (let at = from; at < to; at++) {
    const fields = [columns.topic[at], columns.type[at], columns.format[at], columns.payload[at]]
    hash.update(JSON.stringify(fields))
  }
  return hash.digest('base64')
}

function cursorsOf({ epoch, first, tags }: KeyRow): Cursor[] {
  return Array.from({ length: tags.length / tagLength }, (_, index) => ({
    epoch,
    seq: first + index,
    tag: tags.slice(index * tagLength, (index + 1) * tagLength),
  }))
}

function fieldsOf({ key, hash, epoch, first, tags, time }: KeyRow): (string | number)[] {
  return [key, hash, epoch, first, tags, time]
}

function checksum(row: KeyRow): number {
  return crc32(JSON.stringify(fieldsOf(row)))
}
