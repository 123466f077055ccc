import assert from 'node:assert/strict'
import type { NewEvent } from '@tidings/protocol'
import fc from 'fast-check'
import type { EventLog, StoredEvent } from 'tidings/log'
import { everything, readAll, readAllBack, select } from '../events.ts'
import { type LogCase, rule } from '../log-case.ts'
import { NaiveLog } from '../naive-log.ts'

const topics = ['a', 'a/b', 'a/b/c', 'a/c', 'ab/c', 'b/b', 'ä/b', '😀/b', '$metrics', '$metrics/b', '$']
const patterns = [...topics, '*', '**', 'a/*', 'a/**', '*/b', '*/*/c', '$metrics/*', '$metrics/**', 'none/*']
const types = ['message', 'alert', 'price update']

/** One thing done to the engine and to the model. */
type Step = (log: EventLog, model: NaiveLog) => Promise<void>

const event: fc.Arbitrary<NewEvent> = fc.record({
  topic: fc.constantFrom(...topics),
  type: fc.constantFrom(...types),
  format: fc.constantFrom('json' as const, 'text' as const),
  payload: fc.string({ unit: 'grapheme', maxLength: 40 }),
})

const selection = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom(...patterns), { minLength: 1, maxLength: 6 }),
    fc.option(fc.uniqueArray(fc.constantFrom(...types), { minLength: 1 }), { nil: undefined }),
  )
  .map(([some, only]) => select(some, only))

const limit = fc.integer({ min: 1, max: 12 })
/** A number relative to the log's floor: some below it, some above the head. */
const offset = fc.integer({ min: -3, max: 60 })
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })

const appends = fc.array(fc.array(event, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }).map(
  (batches): Step =>
    async (log, model) => {
      const before = model.bounds.head.seq
      const answers = await Promise.all(batches.map((batch) => log.append(batch)))
      const stored = await readAll(log, everything, { after: before })
      const places = answers.flatMap(({ cursors }) => cursors.map(({ seq, tag }) => ({ seq, tag })))
      const published = new Map(batches.flat().map((given, index) => [places[index]!.seq, given]))
      assert.equal(stored.length, published.size)
      for (const [index, found] of stored.entries()) {
        assert.equal(found.seq, before + 1 + index)
        assert.deepEqual(found, { ...published.get(found.seq), ...found })
        assert.deepEqual(places.find(({ seq }) => seq === found.seq)?.tag, found.tag)
      }
      model.add(stored)
    },
)

const trim = fc.nat(40).map(
  (keep): Step =>
    async (log, model) => {
      const retention = { ageMs: Number.MAX_SAFE_INTEGER, events: keep, bytes: Number.MAX_SAFE_INTEGER }
      assert.equal(await log.trim(retention, Date.now()), model.trim(keep))
    },
)

const read = fc.tuple(selection, limit, offset, optional(offset)).map(
  ([wanted, limit, from, to]): Step =>
    async (log, model) => {
      const floor = model.bounds.floor.seq
      const after = Math.max(0, floor + from)
      const part = { after, limit, ...(to !== undefined && { upTo: Math.max(0, floor + to) }) }
      const below = part.upTo === undefined ? Number.POSITIVE_INFINITY : part.upTo + 1
      assertSame(await readAll(log, wanted, part), model.read(wanted, after, below))
    },
)

const readBack = fc.tuple(selection, limit, optional(offset)).map(
  ([wanted, limit, from]): Step =>
    async (log, model) => {
      const before = from === undefined ? undefined : Math.max(0, model.bounds.floor.seq + from)
      const part = { limit, ...(before !== undefined && { before }) }
      const expected = model.read(wanted, 0, before ?? Number.POSITIVE_INFINITY)
      assertSame(await readAllBack(log, wanted, part), expected.toReversed())
    },
)

const stand = fc.tuple(offset, fc.boolean()).map(
  ([from, isTrue]): Step =>
    async (log, model) => {
      const { floor } = model.bounds
      const seq = Math.max(0, floor.seq + from)
      const found = seq === floor.seq ? floor : await cursorOf(log, seq)
      const cursor = { epoch: floor.epoch, seq, tag: isTrue && found !== undefined ? found.tag : '-----' }
      assert.equal(await log.stand(cursor), model.stand(cursor))
    },
)

const rotate = fc.constant<Step>(async (log, model) => model.rotate(await log.rotate()))

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: appends },
    { weight: 6, arbitrary: read },
    { weight: 4, arbitrary: readBack },
    { weight: 4, arbitrary: stand },
    { weight: 2, arbitrary: trim },
    { weight: 1, arbitrary: rotate },
  ),
  { minLength: 1, maxLength: 30 },
)

/** The whole behaviour at once, against a model. */
export const resemblance: readonly LogCase[] = [
  rule('whatever is done in whatever order, it answers as an array of events would', async (log) => {
    const shown: StoredEvent[] = []
    await log.tail(({ events }) => void shown.push(...events))
    const property = fc.asyncProperty(steps, async (steps) => {
      // Every run begins with an empty log, at the number that the last one left.
      await log.trim({ ageMs: Number.MAX_SAFE_INTEGER, events: 0, bytes: 0 }, Date.now())
      const model = new NaiveLog(await log.bounds())
      for (const step of steps) {
        await step(log, model)
        const { floor, head } = await log.bounds()
        assert.deepEqual({ floor, head }, model.bounds)
      }
    })
    await fc.assert(property, { numRuns: 60 })
    const { head } = await log.bounds()
    assert.deepEqual(
      shown.map(({ seq }) => seq),
      Array.from({ length: head.seq }, (_, index) => index + 1),
    )
  }),
]

async function cursorOf(log: EventLog, seq: number): Promise<{ readonly tag: string } | undefined> {
  if (seq === 0) return undefined
  return (await readAll(log, everything, { after: seq - 1, upTo: seq }))[0]
}

function assertSame(found: readonly StoredEvent[], expected: readonly StoredEvent[]): void {
  assert.deepEqual(found, expected)
}
