import { isServerTopic, TopicSet } from '@tidings/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TopicIndex } from './topic-index.ts'

const segment = fc.constantFrom('a', 'b', 'c', '$m')
const topic = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))
const pattern = fc
  .tuple(fc.array(fc.oneof(segment, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([segments, hasRest]) => [...segments, ...(hasRest ? ['**'] : [])].join('/'))
const set = fc.array(fc.oneof(topic, pattern), { minLength: 1, maxLength: 5 }).map((all) => new TopicSet(all))

function found(index: TopicIndex<number>, wanted: string): number[] {
  const values = new Set<number>()
  index.forEach(wanted, (value) => void values.add(value))
  return [...values].sort((a, b) => a - b)
}

test('the index finds exactly the sets that hold a topic, also after others have gone', () => {
  fc.assert(
    fc.property(fc.array(set, { maxLength: 8 }), fc.array(fc.nat(7)), topic, (sets, gone, wanted) => {
      const index = new TopicIndex<number>()
      for (const [value, topics] of sets.entries()) index.add(topics, value)
      const deleted = new Set(gone.filter((value) => value < sets.length))
      for (const value of deleted) index.delete(sets[value]!, value)
      const expected = sets.flatMap((topics, value) =>
        !deleted.has(value) && topics.has(wanted) ? [value] : [],
      )
      expect(found(index, wanted)).toEqual(expected)
    }),
    { numRuns: 500 },
  )
})

test('an index that all have left holds nothing', () => {
  fc.assert(
    fc.property(fc.array(set, { maxLength: 8 }), (sets) => {
      const index = new TopicIndex<number>()
      for (const [value, topics] of sets.entries()) index.add(topics, value)
      for (const [value, topics] of sets.entries()) index.delete(topics, value)
      expect(index.isEmpty).toBe(true)
    }),
  )
})

test('no wildcard reaches the topics of the server', () => {
  const index = new TopicIndex<number>()
  index.add(new TopicSet(['**', '*', '*/cpu']), 1)
  index.add(new TopicSet(['$metrics/*']), 2)
  expect(isServerTopic('$metrics/cpu')).toBe(true)
  expect(found(index, '$metrics/cpu')).toEqual([2])
  expect(found(index, '$metrics')).toEqual([])
})
