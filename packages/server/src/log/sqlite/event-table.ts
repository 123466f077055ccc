import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Retention, StoredEvent } from '../event-log.ts'
import { eventSize } from '../event-size.ts'
import { checksum } from './event-row.ts'
import type { LogRow } from './log-row.ts'
import type { Columns } from './messages.ts'

interface OldEvent {
  readonly seq: number
  readonly tag: string
  readonly time: number
  readonly bytes: number
}

/** The events on the disk. What it does to them changes where the log stands: it returns the new row. */
export class EventTable {
  readonly #insert: StatementSync
  readonly #oldest: StatementSync
  readonly #remove: StatementSync

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      'INSERT INTO events (seq, topic, tag, time, type, format, bytes, sum, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    this.#oldest = db.prepare('SELECT seq, tag, time, bytes FROM events ORDER BY seq LIMIT ?')
    this.#remove = db.prepare('DELETE FROM events WHERE seq <= ?')
  }

  /** Adds the events from one place in the columns to another at the end. */
  insert(columns: Columns, from: number, to: number, row: LogRow): LogRow {
    let { head, head_tag, bytes } = row
    for (let at = from; at < to; at++) {
      head++
      head_tag = columns.tag[at]!
      bytes += this.#insertOne({
        seq: head,
        tag: head_tag,
        time: columns.time[at]!,
        topic: columns.topic[at]!,
        type: columns.type[at]!,
        format: columns.format[at]!,
        payload: columns.payload[at]!,
      })
    }
    return { ...row, head, head_tag, bytes }
  }

  /** Removes up to `limit` of the oldest events: those too old, too many or too large together. */
  removeOldest(retention: Retention, now: number, limit: number, row: LogRow): LogRow {
    const tooOld = now - retention.ageMs
    const tooMany = row.head - retention.events
    let { trimmed, trimmed_tag, bytes } = row
    for (const event of this.#oldest.iterate(limit) as Iterable<unknown> as Iterable<OldEvent>) {
      if (event.seq > tooMany && event.time >= tooOld && bytes <= retention.bytes) break
      trimmed = event.seq
      trimmed_tag = event.tag
      bytes -= event.bytes
    }
    if (trimmed === row.trimmed) return row
    this.#remove.run(trimmed)
    return { ...row, trimmed, trimmed_tag, bytes }
  }

  #insertOne(event: StoredEvent): number {
    const { seq, topic, tag, time, type, format, payload } = event
    const size = eventSize(event)
    this.#insert.run(seq, topic, tag, time, type, format, size, checksum(event, size), payload)
    return size
  }
}
