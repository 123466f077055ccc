import { originTag, TopicSet } from '@tidings/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Interest } from './interest.ts'
import { Tail } from './tail.ts'
import { TailEvent } from './tail-event.ts'

const origin = { epoch: 'aaaaaaaaaa', seq: 0, tag: originTag }

function event(seq: number, topic: string, type = 'message'): TailEvent {
  const stored = { seq, topic, type, tag: 'ttttt', time: 0, format: 'text', payload: `${seq}` } as const
  return new TailEvent(stored, origin.epoch)
}

function interest(topics: string[], types?: string[]): Interest {
  const wanted = {
    topics: new TopicSet(topics),
    scope: 'all',
    mayRead: (topic: string) => topic !== 'secret',
  }
  return new Interest('', types === undefined ? wanted : { ...wanted, types: new Set(types) })
}

const topic = fc.constantFrom('a', 'b', 'a/b', 'a/c', 'secret', '$m')
const topics = fc.uniqueArray(fc.constantFrom('a', 'b', 'a/b', 'a/*', '**', 'secret', '$m'), { minLength: 1 })
const type = fc.constantFrom('message', 'update')

test('reading on from place to place gives what the interest takes, each once and in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(topic, type), { maxLength: 80 }),
      topics,
      fc.option(fc.constant<string[]>(['update']), { nil: undefined }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 60 }),
      (published, wanted, types, maxEvents, maxBytes) => {
        const tail = new Tail(origin, 1_000_000)
        const events = published.map(([name, kind], index) => event(index + 1, name, kind))
        for (const one of events) tail.push(one)
        const reader = interest(wanted, types)
        const got: number[] = []
        for (let place = 0; place < events.length; ) {
          const run = tail.read(reader, place, maxEvents, maxBytes)
          expect(run.reached).toBeGreaterThan(place)
          got.push(...run.events.map(({ seq }) => seq))
          place = run.reached
        }
        const expected = events.filter(
          (one) => reader.wanted.topics.has(one.topic) && reader.takes(one.topic, one.type),
        )
        expect(got).toEqual(expected.map(({ seq }) => seq))
      },
    ),
  )
})

test('the tail keeps the newest events within its bytes, and knows where it begins', () => {
  const tail = new Tail(origin, 10_000)
  for (let seq = 1; seq <= 10_000; seq++) {
    tail.push(event(seq, `t/${seq % 7}`))
    expect(tail.bytes).toBeLessThanOrEqual(10_000)
  }
  expect(tail.length).toBeGreaterThan(20)
  expect(tail.floor.seq).toBe(10_000 - tail.length)
  expect(tail.at(tail.floor.seq)).toBeUndefined()
  expect(tail.at(tail.floor.seq + 1)?.seq).toBe(tail.floor.seq + 1)
  const run = tail.read(interest(['t/*']), tail.floor.seq, 1_000, 1_000_000)
  expect(run.events).toHaveLength(tail.length)
})

test('a tail without room for a single event is always at its head', () => {
  const tail = new Tail(origin, 0)
  tail.push(event(1, 'a'))
  expect(tail.length).toBe(0)
  expect(tail.floor).toEqual({ epoch: origin.epoch, seq: 1, tag: 'ttttt' })
  expect(tail.read(interest(['a', '**']), 1, 10, 10)).toEqual({ events: [], reached: 1 })
})
