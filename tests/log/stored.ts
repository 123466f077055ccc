import { DatabaseSync } from 'node:sqlite'
import { formatCursor, TopicSet } from '@tidings/protocol'
import { createSqliteLog, type EventLog, type StoredEvent } from 'tidings/log'
import { expect } from 'vitest'
import { eventsOf } from './load.ts'

/** What was acknowledged: ids by idempotency key. */
export type Acknowledged = ReadonlyMap<string, readonly string[]>

/** Reads a whole log. */
export async function readStored(log: EventLog): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  const selection = { topics: new TopicSet(['**']) }
  for (let after = 0; ; ) {
    const page = await log.read({ selection, after, limit: 1000 })
    events.push(...page.events)
    if (page.isEnd) return events
    after = page.reached.seq
  }
}

/**
 * Opens a database as the next server would, and expects of it what was promised: sound, dense, every
 * acknowledged batch under its ids, every retry answered with them, and no event that nobody sent.
 * @param bytes as the load had them.
 */
export async function expectStored(path: string, acknowledged: Acknowledged, bytes: number): Promise<void> {
  const log = await createSqliteLog({ path })
  try {
    const { epoch } = (await log.bounds()).head
    const events = await readStored(log)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    const byId = new Map(
      events.map((event) => [formatCursor({ epoch, seq: event.seq, tag: event.tag }), event.payload]),
    )
    const known = new Set(events.map(({ payload }) => JSON.parse(payload).key as string))
    for (const [key, ids] of acknowledged) {
      const payloads = eventsOf(key, bytes).map(({ payload }) => payload)
      expect(
        ids.map((id) => byId.get(id)),
        `the events of ${key}`,
      ).toEqual(payloads)
      known.delete(key)
      const retry = await log.append(eventsOf(key, bytes), { idempotencyKey: key })
      expect(retry).toEqual({ cursors: retry.cursors, isDuplicate: true })
      expect(retry.cursors.map(formatCursor)).toEqual(ids)
    }
    // What was stored and not acknowledged was asked for: its events are whole, too.
    for (const key of known) {
      const found = events.filter(({ payload }) => payload.includes(`"${key}"`))
      expect(found.map(({ payload }) => payload)).toEqual(eventsOf(key, bytes).map(({ payload }) => payload))
    }
  } finally {
    await log.close()
  }
  const db = new DatabaseSync(path, { readOnly: true })
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  db.close()
}
