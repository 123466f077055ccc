import assert from 'node:assert/strict'
import { everything, numberedUpTo, readAll, rejectsWith } from '../events.ts'
import { reopened, rule, ruleOfOpening } from '../log-case.ts'

/** How a log ends. */
export const closing = [
  rule('closing answers the appends that are under way', async (log) => {
    const appends = Array.from({ length: 50 }, () => log.append(numberedUpTo(2)))
    await log.close()
    const answers = await Promise.all(appends)
    assert.deepEqual(
      answers.map(({ cursors }) => cursors[0]!.seq),
      answers.map((_, index) => 1 + 2 * index),
    )
  }),

  rule('a closed log refuses everything at once, and may be closed again', async (log) => {
    await log.append(numberedUpTo(1))
    const { head } = await log.bounds()
    await Promise.all([log.close(), log.close()])
    await log.close()
    const retention = { ageMs: 1, events: 1, bytes: 1 }
    await rejectsWith('draining', log.append(numberedUpTo(1)))
    await rejectsWith('draining', log.read({ selection: everything, after: 0, limit: 1 }))
    await rejectsWith('draining', log.readBack({ selection: everything, limit: 1 }))
    await rejectsWith('draining', log.stand(head))
    await rejectsWith('draining', log.trim(retention, Date.now()))
    await rejectsWith('draining', log.rotate())
  }),

  ruleOfOpening(
    'what was acknowledged before closing is there when the log is opened again',
    {},
    async (opened) => {
      const appends = Promise.all(Array.from({ length: 30 }, () => opened.log.append(numberedUpTo(3))))
      const log = await reopened(opened)
      const seqs = (await appends).flatMap(({ cursors }) => cursors.map(({ seq }) => seq))
      const read = await readAll(log, everything)
      assert.deepEqual(
        read.map(({ seq }) => seq),
        seqs.toSorted((a, b) => a - b),
      )
    },
  ),
]
