import assert from 'node:assert/strict'
import { everything, numbered, numberedUpTo, readAll, rejectsWith, until } from '../events.ts'
import { reopened, rule, ruleOfOpening } from '../log-case.ts'

const key = { idempotencyKey: 'order 42 · 支払い' }

/** How a retry is made safe. */
export const idempotency = [
  rule('the same key and events answer the same ids and store nothing more', async (log) => {
    const first = await log.append(numberedUpTo(3), key)
    await log.append(numberedUpTo(2))
    const again = await log.append(numberedUpTo(3), key)
    assert.deepEqual(again, { cursors: first.cursors, isDuplicate: true })
    assert.equal((await readAll(log, everything)).length, 5)
  }),

  rule('a hundred appends at once with one key store one batch, and all answer its ids', async (log) => {
    const shown: number[] = []
    await log.tail(({ events }) => shown.push(...events.map(({ seq }) => seq)))
    const answers = await Promise.all(Array.from({ length: 100 }, () => log.append(numberedUpTo(2), key)))
    for (const { cursors } of answers) assert.deepEqual(cursors, answers[0]!.cursors)
    assert.equal(answers.filter(({ isDuplicate }) => !isDuplicate).length, 1)
    assert.equal((await readAll(log, everything)).length, 2)
    await until(async () => shown.length >= 2, 'the tail has shown the batch')
    assert.deepEqual(shown, [1, 2])
  }),

  rule(
    'other events under a used key are refused, and whatever was appended beside them is stored',
    async (log) => {
      const { cursors } = await log.append(numberedUpTo(2), key)
      const others = [
        numberedUpTo(1),
        numberedUpTo(3),
        [numbered('a/b', 1), numbered('a/c', 2)],
        [numbered('a/b', 1), numbered('a/b', 2, 'x')],
      ]
      const refused = others.map((events) => rejectsWith('idempotency_mismatch', log.append(events, key)))
      const beside = log.append(numberedUpTo(1, 'beside'))
      await Promise.all(refused)
      assert.equal((await beside).cursors[0]!.seq, 3)
      assert.equal((await readAll(log, everything)).length, 3)
      assert.deepEqual((await log.append(numberedUpTo(2), key)).cursors, cursors)
    },
  ),

  rule('JSON and text of the same characters are different events', async (log) => {
    await log.append([{ topic: 'a', type: 'message', format: 'json', payload: '1' }], key)
    const text = log.append([{ topic: 'a', type: 'message', format: 'text', payload: '1' }], key)
    await rejectsWith('idempotency_mismatch', text)
  }),

  rule('a key outlives the events that were stored under it', async (log) => {
    const { cursors } = await log.append(numberedUpTo(2), key)
    await log.trim({ ageMs: Number.MAX_SAFE_INTEGER, events: 0, bytes: 0 }, Date.now())
    assert.deepEqual(await log.append(numberedUpTo(2), key), { cursors, isDuplicate: true })
  }),

  ruleOfOpening('a retry after the log was opened again answers the same ids', {}, async (opened) => {
    const { cursors } = await opened.log.append(numberedUpTo(3), key)
    const log = await reopened(opened)
    assert.deepEqual(await log.append(numberedUpTo(3), key), { cursors, isDuplicate: true })
    await rejectsWith('idempotency_mismatch', log.append(numberedUpTo(2), key))
  }),

  ruleOfOpening(
    'a key is forgotten after its window, and not before',
    { idempotencyWindowMs: 300 },
    async ({ log }) => {
      const began = Date.now()
      await log.append(numberedUpTo(1), key)
      await until(async () => !(await log.append(numberedUpTo(1), key)).isDuplicate, 'the key is forgotten')
      assert.ok(Date.now() - began >= 300, `forgotten after ${Date.now() - began} ms`)
      assert.equal((await readAll(log, everything)).length, 2)
      await until(async () => {
        await log.trim({ ageMs: Number.MAX_SAFE_INTEGER, events: 10, bytes: 10_000 }, Date.now())
        return log.append(numberedUpTo(5), key).then(
          () => true,
          () => false,
        )
      }, 'the key is free for other events')
    },
  ),
]
