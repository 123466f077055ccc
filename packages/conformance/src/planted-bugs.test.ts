import assert from 'node:assert/strict'
import { createMemoryLog, type EventLog, type Page } from 'tidings/log'
import { describe, expect, it } from 'vitest'
import type { OpenLog } from './log-case.ts'
import { logCases } from './log-cases.ts'

/** A contract is worth something if engines that break it are found out. Each of these breaks it in one way. */

/** Small enough to be met by every rule. */
const every = 5

interface Bug {
  /** What the engine does wrong. */
  readonly name: string
  /** Breaks an engine that is right. */
  readonly plant: (log: EventLog) => Partial<EventLog>
  /** A rule that must fail; others may fail too. */
  readonly breaks: string
}

const bugs: readonly Bug[] = [
  {
    name: 'a page leaves out one event',
    plant: (log) => ({ read: async (query) => withoutOne(await log.read(query)) }),
    breaks: 'tails, reading and reading backwards agree on one order',
  },
  {
    name: 'the last page now and then holds its last event twice',
    plant: (log) => ({
      read: async (query) => {
        const page = await log.read(query)
        const isHit = page.isEnd && page.events.length === 8 && query.limit > 8
        return isHit ? { ...page, events: [...page.events, ...page.events.slice(-1)] } : page
      },
    }),
    breaks: 'what lies at the very end of what is read is read once, however many events come before it',
  },
  {
    name: 'a page swaps two events',
    plant: (log) => ({ read: async (query) => swapped(await log.read(query)) }),
    breaks: 'pages of any size, continued from where they reached, skip nothing and repeat nothing',
  },
  {
    name: 'a page begins with the event that ended the last one',
    plant: (log) => ({ read: (query) => log.read({ ...query, after: Math.max(0, query.after - 1) }) }),
    breaks: 'pages of any size, continued from where they reached, skip nothing and repeat nothing',
  },
  {
    name: 'a page reaches one event too far',
    plant: (log) => ({
      read: async (query) => {
        const page = await log.read(query)
        return page.isEnd ? page : { ...page, reached: { ...page.reached, seq: page.reached.seq + 1 } }
      },
    }),
    breaks: 'pages of any size, continued from where they reached, skip nothing and repeat nothing',
  },
  {
    name: 'a tail repeats an event',
    plant: (log) => ({
      tail: (onBatch) =>
        log.tail((batch) => onBatch({ ...batch, events: [...batch.events, ...batch.events.slice(-1)] })),
    }),
    breaks: 'a tail shows every event after its head, once, in order, and none before',
  },
  {
    name: 'a tail drops an event now and then',
    plant: (log) => ({
      tail: (onBatch) =>
        log.tail((batch) =>
          onBatch({ ...batch, events: batch.events.filter(({ seq }) => seq % 7 !== every) }),
        ),
    }),
    breaks: 'tails, reading and reading backwards agree on one order',
  },
  {
    name: 'a tail shows what nobody can read yet',
    plant: (log) => {
      const floor = log.bounds().then((bounds) => bounds.floor)
      return {
        read: async () => ({ events: [], reached: await floor, isEnd: true, floor: await floor }),
        bounds: async () => ({ floor: await floor, head: await floor, bytes: 0 }),
      }
    },
    breaks: 'what a tail shows can be read at that moment, and is at or below the head',
  },
  {
    name: 'a batch is stored event by event',
    plant: (log) => ({
      append: async (events, options) => {
        const answers = []
        for (const event of events) answers.push(await log.append([event], options))
        return { cursors: answers.flatMap(({ cursors }) => cursors), isDuplicate: false }
      },
    }),
    breaks: 'a batch is contiguous and in its own order, however many are appended at once',
  },
  {
    name: 'an idempotency key is ignored',
    plant: (log) => ({ append: (events) => log.append(events) }),
    breaks: 'the same key and events answer the same ids and store nothing more',
  },
  {
    name: 'a place is called trimmed one event too soon',
    plant: (log) => ({
      stand: async (cursor) =>
        cursor.seq === (await log.bounds()).floor.seq ? 'trimmed' : log.stand(cursor),
    }),
    breaks: 'after a trim a place is trimmed when what came next is gone, and not one event sooner',
  },
  {
    name: 'a tag is not looked at',
    plant: (log) => ({
      stand: async (cursor) => {
        const standing = await log.stand(cursor)
        return standing === 'diverged' && cursor.seq <= (await log.bounds()).head.seq ? 'valid' : standing
      },
    }),
    breaks: 'every place from the floor to the head is valid, and with another tag diverged',
  },
  {
    name: 'one event more than the retention says is kept',
    plant: (log) => ({
      trim: (retention, now) => log.trim({ ...retention, events: retention.events + 1 }, now),
    }),
    breaks: 'by count: exactly as many as it says stay',
  },
]

describe('the contract finds out an engine in which', () => {
  it.each(bugs)('$name', async ({ plant, breaks }) => {
    const rule = logCases.find(({ name }) => name === breaks)
    assert.ok(rule, `there is a rule called "${breaks}"`)
    await rule.check(opening(() => ({})))
    await expect(rule.check(opening(plant))).rejects.toThrow()
  })
})

function opening(plant: Bug['plant']): OpenLog {
  return async (options) => {
    const right = createMemoryLog(options)
    const broken = plant(right)
    const log = new Proxy(right, {
      get(target, name) {
        const value: unknown = Reflect.get(name in broken ? broken : target, name)
        return typeof value === 'function' ? value.bind(name in broken ? broken : target) : value
      },
    })
    return { log, clean: () => right.close() }
  }
}

function withoutOne(page: Page): Page {
  return { ...page, events: page.events.filter(({ seq }) => seq !== every) }
}

function swapped(page: Page): Page {
  const [first, second, ...rest] = page.events
  return first === undefined || second === undefined ? page : { ...page, events: [second, first, ...rest] }
}
