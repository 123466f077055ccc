import assert from 'node:assert/strict'
import { type Cursor, originTag } from '@tidings/protocol'
import type { Retention } from 'tidings/log'
import { numberedUpTo } from '../events.ts'
import { reopened, rule, ruleOfOpening } from '../log-case.ts'

const keepTen: Retention = { ageMs: Number.MAX_SAFE_INTEGER, events: 10, bytes: Number.MAX_SAFE_INTEGER }

/** How the cursors that clients bring are judged (PROTOCOL §4.3). */
export const standing = [
  rule('in an empty log the place before the first event is valid', async (log) => {
    const { head } = await log.bounds()
    assert.equal(await log.stand({ ...head, seq: 0, tag: originTag }), 'valid')
    assert.equal(await log.stand({ ...head, seq: 1, tag: originTag }), 'diverged')
  }),

  rule('every place from the floor to the head is valid, and with another tag diverged', async (log) => {
    const { floor } = await log.bounds()
    const { cursors } = await log.append(numberedUpTo(5))
    for (const cursor of [floor, ...cursors]) {
      assert.equal(await log.stand(cursor), 'valid')
      assert.equal(await log.stand({ ...cursor, tag: otherTag(cursor) }), 'diverged')
    }
    const head = cursors.at(-1)!
    assert.equal(await log.stand({ ...head, seq: head.seq + 1 }), 'diverged')
    assert.equal(await log.stand({ ...head, seq: Number.MAX_SAFE_INTEGER }), 'diverged')
  }),

  rule(
    'after a trim a place is trimmed when what came next is gone, and not one event sooner',
    async (log) => {
      const { floor: origin } = await log.bounds()
      const { cursors } = await log.append(numberedUpTo(30))
      await log.trim(keepTen, Date.now())
      const at = (seq: number) => cursors[seq - 1]!
      assert.deepEqual((await log.bounds()).floor, at(20))
      assert.equal(await log.stand(at(19)), 'trimmed')
      assert.equal(await log.stand(at(20)), 'valid')
      assert.equal(await log.stand({ ...at(20), tag: otherTag(at(20)) }), 'diverged')
      assert.equal(await log.stand(at(21)), 'valid')
      assert.equal(await log.stand(at(30)), 'valid')
      assert.equal(await log.stand(origin), 'trimmed')
      assert.equal(await log.stand({ ...at(30), seq: 31 }), 'diverged')
    },
  ),

  rule('a log trimmed to nothing still knows its head', async (log) => {
    const { cursors } = await log.append(numberedUpTo(3))
    assert.equal(await log.trim({ ...keepTen, events: 0 }, Date.now()), 3)
    const { floor, head, bytes } = await log.bounds()
    assert.deepEqual([floor, head, bytes], [cursors[2], cursors[2], 0])
    assert.equal(await log.stand(cursors[2]!), 'valid')
    assert.equal(await log.stand({ ...cursors[2]!, tag: otherTag(cursors[2]!) }), 'diverged')
    assert.equal(await log.stand(cursors[1]!), 'trimmed')
  }),

  rule('a cursor of another epoch is of another history, wherever it points', async (log) => {
    const { cursors } = await log.append(numberedUpTo(3))
    for (const cursor of [cursors[0]!, cursors[2]!, { ...cursors[2]!, seq: 99 }]) {
      assert.equal(await log.stand({ ...cursor, epoch: 'another000' }), 'epoch')
    }
  }),

  ruleOfOpening('a log that is opened again stands where it stood', {}, async (opened) => {
    const { cursors } = await opened.log.append(numberedUpTo(30))
    await opened.log.trim(keepTen, Date.now())
    const before = await opened.log.bounds()
    const log = await reopened(opened)
    assert.deepEqual(await log.bounds(), before)
    assert.equal(await log.stand(cursors[18]!), 'trimmed')
    assert.equal(await log.stand(cursors[19]!), 'valid')
    assert.equal(await log.stand(cursors[29]!), 'valid')
    assert.equal((await log.append(numberedUpTo(1))).cursors[0]!.seq, 31)
  }),
]

function otherTag({ tag }: Cursor): string {
  return tag === 'zzzzz' ? 'yyyyy' : 'zzzzz'
}
