import assert from 'node:assert/strict'
import { formatCursor, type NewEvent, TopicSet } from '@tidings/protocol'
import type { EventLog, Page, Selection, StoredEvent } from 'tidings/log'

/** An event of a topic, told from others by its number. */
export function numbered(topic: string, number: number, type = 'message'): NewEvent {
  return { topic, type, format: 'json', payload: `{"number":${number}}` }
}

/** Events 1 to `count` of a topic. */
export function numberedUpTo(count: number, topic = 'a/b'): NewEvent[] {
  return Array.from({ length: count }, (_, index) => numbered(topic, index + 1))
}

/** A selection, spelled shortly. */
export function select(patterns: readonly string[], types?: readonly string[]): Selection {
  const topics = new TopicSet(patterns)
  return types === undefined ? { topics } : { topics, types: new Set(types) }
}

/** Every topic, the server's own included. */
export const everything = select(['**', '$', '$metrics', '$metrics/**'])

/** Which part of the log to read, and in pages of how many events. */
export interface Part {
  readonly after?: number
  readonly upTo?: number
  readonly limit?: number
}

/** Reads all of a part, page by page, each from where the last one reached; checks every page on the way. */
export async function readAll(log: EventLog, selection: Selection, part: Part = {}): Promise<StoredEvent[]> {
  const { limit = 1000 } = part
  const all: StoredEvent[] = []
  for (let after = part.after ?? 0; ; ) {
    const page = await log.read({
      selection,
      after,
      limit,
      ...(part.upTo !== undefined && { upTo: part.upTo }),
    })
    checkPage(page, limit)
    for (const { seq } of page.events)
      assert.ok(seq > after && seq <= page.reached.seq, `${seq} is on no other page`)
    all.push(...page.events)
    if (page.isEnd) break
    assert.ok(page.reached.seq > after, 'a page that is not the last moves on')
    after = page.reached.seq
  }
  assertOrder(all, 1)
  return all
}

/** Reads backwards from `before`, or from the head, to the oldest event. */
export async function readAllBack(
  log: EventLog,
  selection: Selection,
  part: { readonly before?: number; readonly limit?: number } = {},
): Promise<StoredEvent[]> {
  const { limit = 1000 } = part
  const all: StoredEvent[] = []
  for (let before = part.before; ; ) {
    const page = await log.readBack({ selection, limit, ...(before !== undefined && { before }) })
    checkPage(page, limit)
    for (const { seq } of page.events) {
      assert.ok(
        (before === undefined || seq < before) && seq >= page.reached.seq,
        `${seq} is on no other page`,
      )
    }
    all.push(...page.events)
    if (page.isEnd) break
    assert.ok(before === undefined || page.reached.seq < before, 'a page that is not the last moves on')
    before = page.reached.seq
  }
  assertOrder(all, -1)
  return all
}

/** Of a stored event, what was given to `append`. */
export function publishedPart({ topic, type, format, payload }: NewEvent): NewEvent {
  return { topic, type, format, payload }
}

/** The ids under which events are delivered, while the log is in one epoch. */
export async function idsOf(log: EventLog, events: readonly StoredEvent[]): Promise<string[]> {
  const { epoch } = (await log.bounds()).head
  return events.map(({ seq, tag }) => formatCursor({ epoch, seq, tag }))
}

/** Asserts that a promise rejects with an error of a code of PROTOCOL §9. */
export async function rejectsWith(code: string, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => (error as { code?: unknown }).code === code)
}

/** Asks until the answer is yes, and fails after half a minute. */
export async function until(question: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await question())) {
    assert.ok(Date.now() < deadline, `within half a minute ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function checkPage({ events, floor, reached }: Page, limit: number): void {
  assert.ok(events.length <= limit, `a page holds at most ${limit} events, not ${events.length}`)
  assert.equal(floor.epoch, reached.epoch)
  for (const { seq } of events) assert.ok(seq > floor.seq, `event ${seq} is above the floor ${floor.seq}`)
}

function assertOrder(events: readonly StoredEvent[], sign: 1 | -1): void {
  for (const [index, { seq }] of events.entries()) {
    const before = events[index - 1]?.seq
    assert.ok(before === undefined || (seq - before) * sign > 0, `${seq} comes after ${before}`)
  }
}
