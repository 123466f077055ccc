import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TidingsEvent } from '../event.ts'
import type { QueueOptions } from '../stream.ts'
import { EventQueue } from './event-queue.ts'
import { Ledger, type LedgerEntry } from './ledger.ts'

/** Queues on one stream, fed by hand: the events are numbered from 1, and their numbers are their places. */
class Feed {
  /** Every place at which the ledger stood. */
  readonly places: (string | undefined)[] = []
  readonly ledger = new Ledger(() => this.places.push(this.ledger.handled))
  readonly ended: EventQueue[] = []
  #last = 0

  queue(options: QueueOptions = {}): EventQueue {
    const queue: EventQueue = new EventQueue(this.ledger, options, () => this.ended.push(queue))
    return queue
  }

  /** Gives the next event to queues. Returns who wants to be waited for. */
  push(...queues: readonly EventQueue[]): (Promise<void> | undefined)[] {
    const entry = this.ledger.enter(`${++this.#last}`)
    const rooms = queues.map((queue) => queue.push(eventOf(this.#last), entry))
    this.ledger.settle(entry)
    return rooms
  }

  get handled(): string | undefined {
    return this.ledger.handled
  }
}

function eventOf(data: number): TidingsEvent {
  return { id: `${data}`, type: 'message', data, text: `${data}`, topic: 't', timeMs: 0, isReplayed: false }
}

async function take(queue: EventQueue): Promise<unknown> {
  const { done, value } = await queue.next()
  return done ? 'end' : value.data
}

/** Whether a promise has been resolved by now. */
async function isResolved(promise: Promise<unknown> | undefined): Promise<boolean> {
  const open = Symbol()
  await Promise.resolve()
  return (await Promise.race([promise, Promise.resolve(open)])) !== open
}

describe('the ledger', () => {
  test('stands before the first block that somebody still has in hand', () => {
    const { ledger, places } = new Feed()
    const [a, b, c] = ['a', 'b', 'c'].map((place) => ledger.enter(place)) as [
      LedgerEntry,
      LedgerEntry,
      LedgerEntry,
    ]
    expect(ledger.handled).toBeUndefined()
    ledger.settle(b)
    expect(ledger.handled).toBeUndefined()
    ledger.settle(a)
    expect(ledger.handled).toBe('b')
    ledger.settle(c)
    expect(ledger.handled).toBe('c')
    expect(places).toEqual(['b', 'c'])
  })

  test('waits for every hand', () => {
    const { ledger } = new Feed()
    const entry = ledger.enter('a')
    entry.left += 2
    ledger.settle(entry)
    ledger.settle(entry)
    expect(ledger.handled).toBeUndefined()
    ledger.settle(entry)
    expect(ledger.handled).toBe('a')
  })
})

describe('a loop', () => {
  test('takes events in order, and each counts as handled when the loop comes back', async () => {
    const feed = new Feed()
    const queue = feed.queue()
    feed.push(queue)
    feed.push(queue)
    expect(await take(queue)).toBe(1)
    expect(feed.handled).toBeUndefined()
    expect(await take(queue)).toBe(2)
    expect(feed.handled).toBe('1')
    const third = take(queue)
    expect(feed.handled).toBe('2')
    feed.push(queue)
    expect(await third).toBe(3)
    expect(feed.handled).toBe('2')
  })

  test('that breaks off gives up what waits, which then holds nothing back', async () => {
    const feed = new Feed()
    const queue = feed.queue()
    for (let count = 0; count < 3; count++) feed.push(queue)
    for await (const { data } of queue) if (data === 1) break
    expect(feed.handled).toBe('3')
    expect(feed.ended).toEqual([queue])
    expect(await take(queue)).toBe('end')
  })

  test('that throws does so too', async () => {
    const feed = new Feed()
    const queue = feed.queue()
    feed.push(queue)
    const loop = async () => {
      for await (const event of queue) throw new Error(event.text)
    }
    await expect(loop()).rejects.toThrow('1')
    expect(feed.ended).toEqual([queue])
  })

  test('still reads what waits when the stream is closed, and then ends', async () => {
    const feed = new Feed()
    const queue = feed.queue()
    feed.push(queue)
    feed.push(queue)
    queue.finish()
    const data: unknown[] = []
    for await (const event of queue) data.push(event.data)
    expect(data).toEqual([1, 2])
    expect(feed.handled).toBe('2')
  })

  test('that waits for an event ends when the stream is closed', async () => {
    const feed = new Feed()
    const queue = feed.queue()
    const readers = [take(queue), take(queue)]
    queue.finish()
    expect(await Promise.all(readers)).toEqual(['end', 'end'])
  })

  test('ends with its scope', async () => {
    const feed = new Feed()
    {
      await using queue = feed.queue()
      feed.push(queue)
    }
    expect(feed.handled).toBe('1')
    expect(feed.ended).toHaveLength(1)
  })

  test('of several readers gives each event to the one that asked first', async () => {
    const feed = new Feed()
    const queue = feed.queue()
    const readers = [take(queue), take(queue), take(queue)]
    for (let count = 0; count < 4; count++) feed.push(queue)
    expect(await Promise.all(readers)).toEqual([1, 2, 3])
    expect(await take(queue)).toBe(4)
  })
})

describe('a queue that is full', () => {
  test('says so with a promise, which resolves when one is taken', async () => {
    const feed = new Feed()
    const queue = feed.queue({ limit: 2 })
    expect(feed.push(queue)).toEqual([undefined])
    const [room] = feed.push(queue)
    expect(await isResolved(room)).toBe(false)
    await take(queue)
    expect(await isResolved(room)).toBe(true)
    const [again] = feed.push(queue)
    expect(again).not.toBe(room)
    expect(await isResolved(again)).toBe(false)
  })

  test.each(['return', 'finish'] as const)('holds nobody up after %s()', async (end) => {
    const feed = new Feed()
    const queue = feed.queue({ limit: 1 })
    const [room] = feed.push(queue)
    void queue[end]()
    expect(await isResolved(room)).toBe(true)
  })

  test('with drop-oldest throws the oldest away, and counts it as handled', async () => {
    const feed = new Feed()
    const queue = feed.queue({ limit: 2, overflow: 'drop-oldest' })
    for (let count = 0; count < 5; count++) expect(feed.push(queue)).toEqual([undefined])
    expect(feed.handled).toBe('3')
    expect(await take(queue)).toBe(4)
    expect(await take(queue)).toBe(5)
  })

  test('with drop-oldest never throws away what a loop is busy with', async () => {
    const feed = new Feed()
    const queue = feed.queue({ limit: 1, overflow: 'drop-oldest' })
    feed.push(queue)
    await take(queue)
    for (let count = 0; count < 5; count++) feed.push(queue)
    expect(feed.handled).toBeUndefined()
    expect(await take(queue)).toBe(6)
    expect(feed.handled).toBe('5')
  })

  test.each([0, -3])('holds one event if its limit is %s', async (limit) => {
    const feed = new Feed()
    const queue = feed.queue({ limit })
    const lossy = feed.queue({ limit, overflow: 'drop-oldest' })
    const [room] = feed.push(queue, lossy)
    expect(room).toBeInstanceOf(Promise)
    expect([await take(queue), await take(lossy)]).toEqual([1, 1])
  })
})

const anyStep = fc.record({
  act: fc.oneof(
    { weight: 5, arbitrary: fc.constant('push' as const) },
    { weight: 5, arbitrary: fc.constant('next' as const) },
    { weight: 1, arbitrary: fc.constant('return' as const) },
  ),
  queue: fc.nat(2),
})

/** What one loop has, by a model of the simplest kind. */
interface Model {
  waiting: number[]
  inHand: number | undefined
  isReading: boolean
  isEnded: boolean
  taken: number[]
}

test.each(['wait', 'drop-oldest'] as const)(
  'with any turn of events and loops (%s), the place is the one before the first unfinished event, and order is kept',
  async (overflow) => {
    const anyLife = fc.array(anyStep, { maxLength: 80 })
    await fc.assert(
      fc.asyncProperty(anyLife, async (steps) => {
        const limit = 3
        const feed = new Feed()
        const queues = [0, 1, 2].map(() => feed.queue({ overflow, limit }))
        const taken: unknown[][] = [[], [], []]
        const models: Model[] = queues.map(() => ({
          waiting: [],
          inHand: undefined,
          isReading: false,
          isEnded: false,
          taken: [],
        }))
        let last = 0
        for (const { act, queue: at } of steps) {
          const [queue, model] = [queues[at]!, models[at]!]
          if (act === 'push') {
            // As the stream does it: who has ended is fed no more, and who is full is waited for.
            const fed = queues.filter((_, index) => !models[index]!.isEnded)
            if (overflow === 'wait' && models.some(({ waiting }) => waiting.length >= limit)) continue
            feed.push(...fed)
            last++
            for (const each of models) receive(each, last, overflow === 'wait' ? Infinity : limit)
          } else if (act === 'next') {
            // A loop asks again only when it has got something.
            if (model.isReading || model.isEnded) continue
            void take(queue).then((data) => data !== 'end' && taken[at]!.push(data))
            ask(model)
          } else if (!model.isReading) {
            void queue.return()
            Object.assign(model, { waiting: [], inHand: undefined, isEnded: true })
          }
          const open = models.flatMap(({ waiting, inHand = [] }) => waiting.concat(inHand))
          const place = Math.min(last + 1, ...open) - 1
          expect(feed.handled ?? '0').toBe(`${place}`)
        }
        await new Promise((resolve) => setImmediate(resolve))
        expect(taken).toEqual(models.map((model) => model.taken))
      }),
      { numRuns: 150 },
    )
  },
)

function receive(model: Model, event: number, limit: number): void {
  if (model.isEnded) return
  model.waiting.push(event)
  if (model.isReading) ask(model)
  else if (model.waiting.length > limit) model.waiting.shift()
}

function ask(model: Model): void {
  model.inHand = model.waiting.shift()
  model.isReading = model.inHand === undefined
  if (model.inHand !== undefined) model.taken.push(model.inHand)
}
