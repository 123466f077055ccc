import assert from 'node:assert/strict'
import type { NewEvent } from '@tidings/protocol'
import fc from 'fast-check'
import type { EventLog } from 'tidings/log'
import { everything, publishedPart, readAll, readAllBack, select } from './events.ts'
import type { NaiveLog } from './naive-log.ts'

/** One thing done to an engine and to the model, and what of their answers must be equal. */
export interface Step {
  readonly run: (log: EventLog, model: NaiveLog) => Promise<void>
  /** What a failing property prints. */
  readonly toString: () => string
}

const topics = ['a', 'a/b', 'a/b/c', 'a/c', 'ab/c', 'b/b', 'ä/b', '😀/b', '$metrics', '$metrics/b', '$']
const patterns = [...topics, '*', '**', 'a/*', 'a/**', '*/b', '*/*/c', '$metrics/*', '$metrics/**', 'none/*']
const types = ['message', 'alert', 'price update']

const event: fc.Arbitrary<NewEvent> = fc.record(
  {
    topic: fc.constantFrom(...topics),
    type: fc.constantFrom(...types),
    format: fc.constantFrom('json', 'text'),
    payload: fc.string({ unit: 'grapheme', maxLength: 40 }),
  },
  { noNullPrototype: true },
)

const batches = fc.array(fc.array(event, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 })

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })

const wish = fc.record({
  topics: fc.uniqueArray(fc.constantFrom(...patterns), { minLength: 1, maxLength: 6 }),
  types: optional(fc.uniqueArray(fc.constantFrom(...types), { minLength: 1 })),
  limit: fc.integer({ min: 1, max: 12 }),
})

/** A number relative to the log's floor: some are below it, some above the head. */
const offset = fc.integer({ min: -3, max: 60 })

const append = steps('append', batches, async (batches, log, model) => {
  const before = model.bounds.head.seq
  const answers = await Promise.all(batches.map((batch) => log.append(batch)))
  const stored = await readAll(log, everything, { after: before })
  const places = answers.flatMap(({ cursors }) => cursors.map(({ seq, tag }) => ({ seq, tag })))
  const inOrder = places.map((place, index) => ({ ...place, event: batches.flat()[index]! }))
  inOrder.sort((one, other) => one.seq - other.seq)
  assert.deepEqual(
    stored.map((found) => ({ seq: found.seq, tag: found.tag, event: publishedPart(found) })),
    inOrder,
  )
  model.add(stored)
})

const trim = steps('keep', fc.nat(40), async (keep, log, model) => {
  const retention = { ageMs: Number.MAX_SAFE_INTEGER, events: keep, bytes: Number.MAX_SAFE_INTEGER }
  assert.equal(await log.trim(retention, Date.now()), model.trim(keep))
})

const read = steps('read', fc.tuple(wish, offset, optional(offset)), async ([wish, from, to], log, model) => {
  const selection = select(wish.topics, wish.types)
  const after = placeAt(model, from)
  const upTo = to === undefined ? Number.POSITIVE_INFINITY : placeAt(model, to)
  const part = { after, limit: wish.limit, ...(to !== undefined && { upTo }) }
  assert.deepEqual(await readAll(log, selection, part), model.read(selection, after, upTo + 1))
})

const readBack = steps('read back', fc.tuple(wish, optional(offset)), async ([wish, from], log, model) => {
  const selection = select(wish.topics, wish.types)
  const before = from === undefined ? Number.POSITIVE_INFINITY : placeAt(model, from)
  const part = { limit: wish.limit, ...(from !== undefined && { before }) }
  assert.deepEqual(await readAllBack(log, selection, part), model.read(selection, 0, before).toReversed())
})

const stand = steps('stand', fc.tuple(offset, fc.boolean()), async ([from, isTrue], log, model) => {
  const seq = placeAt(model, from)
  const tag = isTrue ? model.tagOf(seq) : undefined
  const cursor = { epoch: model.bounds.head.epoch, seq, tag: tag ?? '-----' }
  assert.equal(await log.stand(cursor), model.stand(cursor))
})

const rotate = steps('rotate', fc.constant(undefined), async (_, log, model) =>
  model.rotate(await log.rotate()),
)

/** Up to thirty steps, of every kind. */
export const manySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: append },
    { weight: 6, arbitrary: read },
    { weight: 4, arbitrary: readBack },
    { weight: 4, arbitrary: stand },
    { weight: 2, arbitrary: trim },
    { weight: 1, arbitrary: rotate },
  ),
  { minLength: 1, maxLength: 30 },
)

function steps<Given>(
  name: string,
  given: fc.Arbitrary<Given>,
  run: (given: Given, log: EventLog, model: NaiveLog) => Promise<void>,
): fc.Arbitrary<Step> {
  return given.map((given) => ({
    run: (log, model) => run(given, log, model),
    toString: () => `${name} ${fc.stringify(given)}`,
  }))
}

function placeAt(model: NaiveLog, offset: number): number {
  return Math.max(0, model.bounds.floor.seq + offset)
}
