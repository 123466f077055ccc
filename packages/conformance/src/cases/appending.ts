import assert from 'node:assert/strict'
import { formatCursor, type NewEvent } from '@tidings/protocol'
import { everything, idsOf, numbered, numberedUpTo, publishedPart, readAll } from '../events.ts'
import { rule } from '../log-case.ts'

/** Payloads that storage and transport have been known to change. */
const delicatePayloads = [
  '',
  ' leading and trailing ',
  'CR\rLF\nCRLF\r\n, tab\t, NUL\0, and a byte order mark \uFEFF',
  'line separators \u2028 \u2029, Grüße, 你好, 👩‍👩‍👧, \u{10FFFF}',
  `'; DROP TABLE events; -- " \\ %s \${x}`,
  'x'.repeat(256 * 1024),
  '😀'.repeat(64 * 1024),
]

/** How events come into the log. */
export const appending = [
  rule(
    'numbers are dense from 1, and an append answers the ids under which its events are read',
    async (log) => {
      const { floor, head } = await log.bounds()
      assert.deepEqual([floor.seq, head.seq], [0, 0])
      const first = await log.append(numberedUpTo(3))
      const second = await log.append(numberedUpTo(2))
      assert.equal(first.isDuplicate, false)
      const cursors = [...first.cursors, ...second.cursors]
      assert.deepEqual(seqs(cursors), [1, 2, 3, 4, 5])
      assert.deepEqual(cursors.map(formatCursor), await idsOf(log, await readAll(log, everything)))
      assert.deepEqual((await log.bounds()).head, cursors[4])
      for (const { tag } of cursors) assert.match(tag, /^[0-9a-z]{5}$/)
    },
  ),

  rule('what is read is what was published, whatever its characters', async (log) => {
    const given = delicatePayloads.flatMap((payload): NewEvent[] => [
      { topic: 'Grüße/你好/👋', type: 'price update', format: 'text', payload },
      { topic: '$metrics/%_[]', type: 'ereignis-ß', format: 'json', payload },
    ])
    const before = Date.now()
    await log.append(given)
    const after = Date.now()
    const stored = await readAll(log, everything)
    assert.deepEqual(stored.map(publishedPart), given)
    // One millisecond each way: an engine may take its time from another clock of this machine.
    for (const { time } of stored) assert.ok(time >= before - 1 && time <= after + 1, `taken at ${time}`)
  }),

  rule('a batch is contiguous and in its own order, however many are appended at once', async (log) => {
    const batches = Array.from({ length: 60 }, (_, batch) =>
      numberedUpTo(1 + ((batch * 7) % 40), `batch/${batch}`),
    )
    const answers = await Promise.all(batches.map((batch) => log.append(batch)))
    for (const { cursors } of answers) {
      assert.deepEqual(
        seqs(cursors),
        cursors.map((_, index) => cursors[0]!.seq + index),
      )
    }
    const byNumber = new Map((await readAll(log, everything)).map((event) => [event.seq, event]))
    assert.deepEqual(
      [...byNumber.keys()],
      Array.from(byNumber, (_, index) => index + 1),
    )
    for (const [index, { cursors }] of answers.entries()) {
      assert.deepEqual(
        cursors.map(({ seq }) => publishedPart(byNumber.get(seq)!)),
        batches[index],
      )
    }
    assert.equal(byNumber.size, batches.flat().length)
  }),

  rule('a batch is seen whole or not at all, by every reader at every moment', async (log) => {
    const size = 7
    let isAppending = true
    const appends = Promise.all(Array.from({ length: 40 }, () => log.append(numberedUpTo(size))))
    const done = appends.then(() => {
      isAppending = false
    })
    while (isAppending) assert.equal((await readAll(log, everything)).length % size, 0)
    await done
    assert.equal((await readAll(log, everything)).length, 40 * size)
  }),

  rule('a batch of many thousands is one batch', async (log) => {
    const [before, { cursors }] = await Promise.all([
      log.append([numbered('a', 0)]),
      log.append(numberedUpTo(12_000)),
    ])
    assert.deepEqual(
      seqs(cursors),
      cursors.map((_, index) => before.cursors[0]!.seq + 1 + index),
    )
    assert.equal((await readAll(log, everything)).length, 12_001)
  }),

  rule('an append of nothing stores nothing', async (log) => {
    assert.deepEqual(await log.append([]), { cursors: [], isDuplicate: false })
    assert.deepEqual(await log.append([], { idempotencyKey: 'nothing' }), { cursors: [], isDuplicate: false })
    assert.equal((await log.bounds()).head.seq, 0)
  }),
]

function seqs(cursors: readonly { readonly seq: number }[]): number[] {
  return cursors.map(({ seq }) => seq)
}
