import assert from 'node:assert/strict'
import type { Batch } from 'tidings/log'
import { everything, numbered, numberedUpTo, readAll, readAllBack, until } from '../events.ts'
import { reopened, rule, ruleOfOpening } from '../log-case.ts'

/** More distinct topics than an engine reads one by one. */
const manyTopics = 700

/** More than an engine takes from its store at a time. */
const manyEpochs = 80

/** How a new epoch begins. */
export const rotation = [
  rule('a new epoch makes every earlier cursor one of another history, and keeps the events', async (log) => {
    const { cursors } = await log.append(numberedUpTo(3))
    const before = await readAll(log, everything)
    const epoch = await log.rotate()
    assert.match(epoch, /^[0-9a-z]{10}$/)
    assert.notEqual(epoch, cursors[0]!.epoch)
    for (const cursor of cursors) {
      assert.equal(await log.stand(cursor), 'epoch')
      assert.equal(await log.stand({ ...cursor, epoch }), 'valid')
    }
    assert.deepEqual(await readAll(log, everything), before)
    assert.deepEqual((await log.append(numberedUpTo(1))).cursors[0], {
      ...(await log.bounds()).head,
      epoch,
      seq: 4,
    })
  }),

  rule('tails learn of a new epoch by an empty batch, between the events before and after', async (log) => {
    const batches: Batch[] = []
    await log.tail((batch) => batches.push(batch))
    const before = (await log.append(numberedUpTo(1))).cursors[0]!.epoch
    const epoch = await log.rotate()
    await log.append(numberedUpTo(2))
    await until(async () => batches.length >= 3, 'the tail has shown everything')
    const shown = batches.map((batch) => [batch.epoch, batch.events.map(({ seq }) => seq)])
    assert.deepEqual(shown, [
      [before, [1]],
      [epoch, []],
      [epoch, [2, 3]],
    ])
  }),

  rule('epochs in a row, with no event between them, are passed over in both directions', async (log) => {
    const events = Array.from({ length: manyTopics }, (_, index) => numbered(`many/${index}`, index))
    await log.append(events)
    for (let count = 0; count < manyEpochs; count++) await log.rotate()
    await log.append(numberedUpTo(2))
    const all = await readAll(log, everything)
    assert.equal(all.length, manyTopics + 2)
    for (const limit of [50, 1000]) {
      assert.deepEqual(await readAll(log, everything, { limit }), all)
      assert.deepEqual(await readAllBack(log, everything, { limit }), all.toReversed())
    }
  }),

  ruleOfOpening('an epoch outlives the process', {}, async (opened) => {
    const epoch = await opened.log.rotate()
    const log = await reopened(opened)
    assert.equal((await log.bounds()).head.epoch, epoch)
  }),
]
