import assert from 'node:assert/strict'
import type { Batch, EventLog, StoredEvent } from 'tidings/log'
import { everything, numberedUpTo, readAll, readAllBack, until } from '../events.ts'
import { rule } from '../log-case.ts'

/** How events are shown as they come. */
export const tailing = [
  rule('a tail shows every event after its head, once, in order, and none before', async (log) => {
    const appends = Array.from({ length: 30 }, () => log.append(numberedUpTo(3)))
    await appends[0]
    const { head, seen } = await follow(log)
    appends.push(...Array.from({ length: 30 }, () => log.append(numberedUpTo(2))))
    await Promise.all(appends)
    const expected = await readAll(log, everything, { after: head.seq })
    await shows(seen, expected.at(-1)!.seq)
    assert.deepEqual(seen, expected)
  }),

  rule('tails, reading and reading backwards agree on one order', async (log) => {
    const tails = [await follow(log), await follow(log)]
    await Promise.all(Array.from({ length: 80 }, (_, index) => log.append(numberedUpTo(1 + (index % 5)))))
    const read = await readAll(log, everything)
    assert.deepEqual(await readAllBack(log, everything), read.toReversed())
    for (const { seen } of tails) {
      await shows(seen, read.at(-1)!.seq)
      assert.deepEqual(seen, read)
    }
  }),

  rule('what a tail shows can be read at that moment, and is at or below the head', async (log) => {
    const checks: Promise<void>[] = []
    const { seen } = await follow(log, (batch) => checks.push(isReadable(log, batch)))
    await Promise.all(Array.from({ length: 40 }, () => log.append(numberedUpTo(2))))
    await shows(seen, 80)
    await Promise.all(checks)
  }),

  rule('a batch of a tail is whole: no append is cut in two', async (log) => {
    const { batches, seen } = await follow(log)
    await Promise.all(Array.from({ length: 50 }, () => log.append(numberedUpTo(5))))
    await shows(seen, 250)
    for (const { events } of batches) assert.equal(events.length % 5, 0)
  }),

  rule('a stopped tail is silent, and the others go on', async (log) => {
    const stopped = await follow(log)
    const running = await follow(log)
    await log.append(numberedUpTo(1))
    await shows(stopped.seen, 1)
    stopped.stop()
    await log.append(numberedUpTo(2))
    await shows(running.seen, 3)
    assert.equal(stopped.seen.length, 1)
  }),
]

interface Following {
  readonly head: { readonly seq: number }
  readonly batches: readonly Batch[]
  readonly seen: readonly StoredEvent[]
  stop(): void
}

async function follow(log: EventLog, onBatch = (_: Batch): unknown => undefined): Promise<Following> {
  const batches: Batch[] = []
  const seen: StoredEvent[] = []
  const tail = await log.tail((batch) => {
    batches.push(batch)
    seen.push(...batch.events)
    onBatch(batch)
  })
  return { head: tail.head, batches, seen, stop: () => tail.stop() }
}

/** Waits for an event, and not for a count: what is missing before it is then found at once. */
function shows(seen: readonly StoredEvent[], last: number): Promise<void> {
  return until(async () => seen.at(-1)?.seq === last, `the tail has shown event ${last}`)
}

async function isReadable(log: EventLog, { epoch, events }: Batch): Promise<void> {
  const [first, last] = [events[0]!, events.at(-1)!]
  const bounds = log.bounds()
  const found = await readAll(log, everything, { after: first.seq - 1, upTo: last.seq })
  assert.deepEqual(found, events)
  const { head } = await bounds
  assert.equal(head.epoch, epoch)
  assert.ok(head.seq >= last.seq)
}
