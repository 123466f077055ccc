import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TidingsError } from './problem.ts'
import { matchesSegments } from './topic.ts'
import { TopicSet } from './topic-set.ts'

const name = fc.constantFrom('a', 'b', 'ab', '$a')
const topic = fc.array(name, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))
const pattern = fc
  .tuple(fc.array(fc.oneof(name, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([segments, hasTail]) => (hasTail ? [...segments, '**'] : segments).join('/'))

describe('a set of topics', () => {
  test('has a topic if one of its patterns matches it', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 6 }), topic, (patterns, candidate) => {
        const isExpected = patterns.some((each) => matchesSegments(each.split('/'), candidate.split('/')))
        expect(new TopicSet(patterns).has(candidate)).toBe(isExpected)
      }),
      { numRuns: 1_000 },
    )
  })

  test('is the same in any order, and duplicates count once', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 6 }), (patterns) => {
        const set = new TopicSet(patterns)
        const other = new TopicSet([...patterns, ...patterns].reverse())
        expect(other.toString()).toBe(set.toString())
        expect(set.size).toBe(new Set(patterns).size)
        expect([...other.exact, ...other.patterns]).toEqual([...set.exact, ...set.patterns])
      }),
    )
  })

  test('different sets have different spellings', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 4 }), fc.array(pattern, { maxLength: 4 }), (one, two) => {
        const isSame = one.every((each) => two.includes(each)) && two.every((each) => one.includes(each))
        expect(new TopicSet(one).toString() === new TopicSet(two).toString()).toBe(isSame)
      }),
    )
    expect(new TopicSet(['ab', 'c']).toString()).not.toBe(new TopicSet(['a', 'bc']).toString())
  })

  test('tells what is spelled out from what is a pattern, sorted', () => {
    const set = new TopicSet(['b', 'a/*', 'a', '**', 'b'])
    expect(set.exact).toEqual(['a', 'b'])
    expect(set.patterns).toEqual(['**', 'a/*'])
  })

  test('an empty set has nothing', () => {
    expect(new TopicSet([]).has('a')).toBe(false)
    expect(new TopicSet([]).size).toBe(0)
  })

  test('cannot be changed from outside', () => {
    const given = ['a']
    const set = new TopicSet(given)
    given.push('b')
    expect(set.has('b')).toBe(false)
    expect(() => (set.exact as string[]).push('b')).toThrow(TypeError)
    expect(() => (set.patterns as string[]).push('*')).toThrow(TypeError)
  })

  test('refuses a pattern that breaks the grammar', () => {
    expect(() => new TopicSet(['a', 'a/**/b'])).toThrow(TidingsError)
    expect(() => new TopicSet(['a b'])).toThrow(TidingsError)
  })
})
