import assert from 'node:assert/strict'
import type { NewEvent } from '@tidings/protocol'
import type { EventLog } from 'tidings/log'
import { everything, numbered, numberedUpTo, readAll, readAllBack, select } from '../events.ts'
import { rule } from '../log-case.ts'

/** More distinct topics than an engine reads one by one. */
const manyTopics = 700

/** What a page may hold, and one event more: see "a page is bounded". */
const pageBytes = 1024 * 1024

/** How events are found again. */
export const reading = [
  rule('an empty log is read to its end at once', async (log) => {
    const forward = await log.read({ selection: everything, after: 0, limit: 10 })
    const backward = await log.readBack({ selection: everything, limit: 10 })
    const { floor } = await log.bounds()
    for (const page of [forward, backward])
      assert.deepEqual(page, { events: [], reached: floor, isEnd: true, floor })
  }),

  rule('a wildcard reaches what it stands for, and never the topics of the server', async (log) => {
    const topics = [
      'orders',
      'orders/1',
      'orders/1/lines',
      'orders/2',
      'ordersX/1',
      '$metrics',
      '$metrics/cpu',
      'Ω/1',
    ]
    await log.append(topics.map((topic, index) => numbered(topic, index)))
    const expected: readonly [pattern: string, found: readonly string[]][] = [
      ['orders', ['orders']],
      ['orders/*', ['orders/1', 'orders/2']],
      ['orders/**', ['orders/1', 'orders/1/lines', 'orders/2']],
      ['*/1', ['orders/1', 'ordersX/1', 'Ω/1']],
      ['**', topics.filter((topic) => !topic.startsWith('$'))],
      ['*', ['orders']],
      ['$metrics', ['$metrics']],
      ['$metrics/*', ['$metrics/cpu']],
      ['*/cpu', []],
      ['nothing/**', []],
    ]
    for (const [pattern, found] of expected) {
      assert.deepEqual(topicsOf(await readAll(log, select([pattern]))), found, pattern)
      assert.deepEqual(topicsOf(await readAllBack(log, select([pattern]))), found.toReversed(), pattern)
    }
    assert.deepEqual(topicsOf(await readAll(log, select(['orders', 'orders/1', '*/1']))), [
      'orders',
      'orders/1',
      'ordersX/1',
      'Ω/1',
    ])
  }),

  rule('a filter by type keeps those types, and passes over the others', async (log) => {
    const types = ['message', 'alert', 'price', 'alert', 'message', 'alert']
    await log.append(types.map((type, index) => numbered('a', index, type)))
    for (const limit of [1, 2, 10]) {
      assert.deepEqual(seqsOf(await readAll(log, select(['a'], ['alert']), { limit })), [2, 4, 6])
      assert.deepEqual(seqsOf(await readAll(log, select(['*'], ['alert', 'price']), { limit })), [2, 3, 4, 6])
      assert.deepEqual(seqsOf(await readAllBack(log, select(['a'], ['alert']), { limit })), [6, 4, 2])
      assert.deepEqual(await readAll(log, select(['a'], ['other']), { limit }), [])
    }
  }),

  rule(
    'pages of any size, continued from where they reached, skip nothing and repeat nothing',
    async (log) => {
      await fill(log, 300)
      for (const selection of [
        everything,
        select(['topic/3']),
        select(['topic/1', 'topic/2', 'absent']),
        select(['topic/*']),
      ]) {
        const whole = await readAll(log, selection)
        assert.ok(whole.length > 0)
        for (const limit of [1, 2, 7, 299, 300]) {
          assert.deepEqual(await readAll(log, selection, { limit }), whole)
          assert.deepEqual(await readAllBack(log, selection, { limit }), whole.toReversed())
        }
      }
    },
  ),

  rule('reading stops at a number, and begins after one', async (log) => {
    await fill(log, 50)
    const part = (after: number, upTo: number) => readAll(log, everything, { after, upTo, limit: 4 })
    assert.deepEqual(seqsOf(await part(10, 20)), range(11, 20))
    assert.deepEqual(seqsOf(await part(0, 1)), [1])
    assert.deepEqual(seqsOf(await part(49, 1000)), [50])
    assert.deepEqual(await part(20, 20), [])
    assert.deepEqual(await part(20, 10), [])
    assert.deepEqual(seqsOf(await readAllBack(log, everything, { before: 4 })), [3, 2, 1])
    assert.deepEqual(await readAllBack(log, everything, { before: 1 }), [])
    assert.deepEqual(
      seqsOf(await readAllBack(log, everything, { before: 1000, limit: 30 })),
      range(1, 50).reverse(),
    )
  }),

  rule(
    'what lies at the very end of what is read is read once, however many events come before it',
    async (log) => {
      await log.append(numberedUpTo(70, 'a'))
      // Several topics, which an engine may read one by one: then each ends somewhere else.
      for (const selection of [select(['a']), select(['a', 'absent']), everything]) {
        for (const limit of [9, 20, 100]) {
          for (let end = 1; end <= 60; end++) {
            const forward = await readAll(log, selection, { upTo: end, limit })
            assert.deepEqual(seqsOf(forward), range(1, end))
            const backward = await readAllBack(log, selection, { before: end + 1, limit })
            assert.deepEqual(seqsOf(backward), range(1, end).reverse())
          }
        }
      }
    },
  ),

  rule('a page says where it reached: never before where it began, never past the head', async (log) => {
    const { cursors } = await log.append(numberedUpTo(20))
    const reached = async (after: number, upTo?: number) =>
      (await log.read({ selection: select(['other']), after, limit: 5, ...(upTo !== undefined && { upTo }) }))
        .reached
    assert.deepEqual(await reached(3), cursors[19])
    assert.deepEqual(await reached(3, 7), cursors[6])
    assert.deepEqual(await reached(7, 3), cursors[6])
    assert.deepEqual(await reached(20), cursors[19])
    assert.deepEqual(await reached(500), cursors[19])
  }),

  rule('a page is bounded in bytes, and yet holds at least one event', async (log) => {
    const large: NewEvent = {
      topic: 'large',
      type: 'message',
      format: 'text',
      payload: 'x'.repeat(256 * 1024),
    }
    await log.append(Array.from({ length: 13 }, () => large))
    const huge = { ...large, payload: 'x'.repeat(2 * pageBytes) }
    await log.append([huge, large])
    for (const read of [
      (after: number) => log.read({ selection: everything, after, limit: 1000 }),
      (after: number) => log.readBack({ selection: everything, before: 16 - after, limit: 1000 }),
    ]) {
      for (const after of [0, 1, 5, 12, 13]) {
        const { events } = await read(after)
        const sizes = events.map(({ payload }) => payload.length)
        assert.ok(sizes.length > 0)
        assert.ok(
          sizes.slice(0, -1).reduce((sum, size) => sum + size, 0) <= pageBytes,
          `${sizes.length} events`,
        )
      }
    }
    assert.deepEqual(seqsOf(await readAll(log, everything)), range(1, 15))
    assert.deepEqual(seqsOf(await readAllBack(log, everything)), range(1, 15).reverse())
  }),

  rule(`${manyTopics} distinct topics are found by pattern and spelled out alike`, async (log) => {
    const topicOf = (index: number) => `many/${(index * 379) % manyTopics}`
    await log.append(Array.from({ length: 3 * manyTopics }, (_, index) => numbered(topicOf(index), index)))
    await log.append(numberedUpTo(100, 'other'))
    const spelled = Array.from({ length: manyTopics }, (_, index) => `many/${index}`)
    const whole = await readAll(log, everything)
    for (const patterns of [
      ['many/*'],
      ['many/**', 'many/7'],
      spelled,
      ['*/3', ...spelled],
      ['*/3', 'other'],
    ]) {
      const selection = select(patterns)
      const expected = seqsOf(whole.filter(({ topic }) => selection.topics.has(topic)))
      for (const limit of [100, 5000]) {
        assert.deepEqual(seqsOf(await readAll(log, selection, { limit })), expected)
        assert.deepEqual(seqsOf(await readAllBack(log, selection, { limit })), expected.toReversed())
      }
    }
  }),

  rule('work for one page is bounded: a pattern that matches nothing is answered in steps', async (log) => {
    // No more at once than a server takes: on a busy machine one append of all would hold an engine up for seconds.
    for (let first = 0; first < 30_000; first += 1_000) {
      await log.append(
        Array.from({ length: 1_000 }, (_, index) =>
          numbered(`many/${(first + index) % manyTopics}`, first + index),
        ),
      )
    }
    const page = await log.read({ selection: select(['*/nothing']), after: 0, limit: 10 })
    assert.deepEqual(page.events, [])
    assert.ok(page.isEnd || page.reached.seq < 30_000)
    assert.deepEqual(await readAll(log, select(['*/nothing'])), [])
    assert.deepEqual(await readAllBack(log, select(['*/nothing'])), [])
  }),
]

async function fill(log: EventLog, count: number): Promise<void> {
  await log.append(Array.from({ length: count }, (_, index) => numbered(`topic/${index ** 3 % 5}`, index)))
}

function topicsOf(events: readonly NewEvent[]): string[] {
  return events.map(({ topic }) => topic)
}

function seqsOf(events: readonly { readonly seq: number }[]): number[] {
  return events.map(({ seq }) => seq)
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
