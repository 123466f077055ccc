import assert from 'node:assert/strict'
import type { Retention } from 'tidings/log'
import { everything, numbered, numberedUpTo, readAll } from '../events.ts'
import { reopened, rule, ruleOfOpening } from '../log-case.ts'

const most = Number.MAX_SAFE_INTEGER
const keepAll: Retention = { ageMs: most, events: most, bytes: most }

/** How the oldest events go. */
export const retention = [
  rule('what the retention covers stays', async (log) => {
    await log.append(numberedUpTo(10))
    assert.equal(await log.trim(keepAll, Date.now()), 0)
    assert.equal(await log.trim({ ...keepAll, events: 10 }, Date.now()), 0)
    assert.equal((await readAll(log, everything)).length, 10)
  }),

  rule('by count: exactly as many as it says stay', async (log) => {
    const { cursors } = await log.append(numberedUpTo(10))
    assert.equal(await log.trim({ ...keepAll, events: 9 }, Date.now()), 1)
    assert.equal(await log.trim({ ...keepAll, events: 4 }, Date.now()), 5)
    assert.deepEqual((await log.bounds()).floor, cursors[5])
    assert.deepEqual(
      (await readAll(log, everything)).map(({ seq }) => seq),
      [7, 8, 9, 10],
    )
  }),

  rule('by age: an event goes when it is older, not when it is as old', async (log) => {
    await log.append(numberedUpTo(3))
    const events = await readAll(log, everything)
    const youngest = events.at(-1)!.time
    assert.equal(await log.trim({ ...keepAll, ageMs: 1000 }, events[0]!.time + 1000), 0)
    assert.equal(await log.trim({ ...keepAll, ageMs: 1000 }, youngest + 1001), 3)
    assert.deepEqual(await readAll(log, everything), [])
  }),

  rule('by bytes: the oldest go until the rest fits', async (log) => {
    // Topic 2, type 7, payload 100: as UTF-8, which these are longer in than in characters.
    const event = { topic: 'ä', type: 'message', format: 'text', payload: 'ü'.repeat(50) } as const
    const size = 2 + 7 + 100
    await log.append(Array.from({ length: 10 }, () => event))
    assert.equal((await log.bounds()).bytes, 10 * size)
    assert.equal(await log.trim({ ...keepAll, bytes: 10 * size }, Date.now()), 0)
    assert.equal(await log.trim({ ...keepAll, bytes: 10 * size - 1 }, Date.now()), 1)
    assert.equal(await log.trim({ ...keepAll, bytes: 3 * size }, Date.now()), 6)
    assert.equal((await log.bounds()).bytes, 3 * size)
  }),

  rule('thousands go in one trim while appends go on, and none that must stay', async (log) => {
    await log.append(numberedUpTo(4500))
    const trim = log.trim({ ...keepAll, events: 1000 }, Date.now())
    const appends = Promise.all(
      Array.from({ length: 20 }, (_, index) => log.append([numbered('late', index)])),
    )
    assert.ok((await trim) >= 3500)
    await appends
    await log.trim({ ...keepAll, events: 1000 }, Date.now())
    const { floor, head } = await log.bounds()
    assert.deepEqual([floor.seq, head.seq], [3520, 4520])
    assert.equal((await readAll(log, everything)).length, 1000)
  }),

  rule('what is gone is gone for every way of reading', async (log) => {
    await log.append(Array.from({ length: 40 }, (_, index) => numbered(`t/${index % 4}`, index)))
    const { events } = await log.read({ selection: everything, after: 0, limit: 10 })
    await log.trim({ ...keepAll, events: 20 }, Date.now())
    assert.equal(events.length, 10)
    const page = await log.read({ selection: everything, after: 10, limit: 100 })
    assert.deepEqual([page.floor.seq, page.events[0]!.seq, page.events.length], [20, 21, 20])
    for (const upTo of [5, 20]) {
      const gone = await log.read({ selection: everything, after: 0, upTo, limit: 10 })
      assert.deepEqual([gone.events, gone.isEnd, gone.reached.seq], [[], true, 20])
    }
    const back = await log.readBack({ selection: everything, before: 15, limit: 10 })
    assert.deepEqual([back.events, back.isEnd], [[], true])
  }),

  ruleOfOpening(
    'numbers go on after everything is trimmed and the log is opened again',
    {},
    async (opened) => {
      await opened.log.append(numberedUpTo(5))
      await opened.log.trim({ ...keepAll, events: 0 }, Date.now())
      const log = await reopened(opened)
      assert.equal((await log.append(numberedUpTo(1))).cursors[0]!.seq, 6)
    },
  ),
]
