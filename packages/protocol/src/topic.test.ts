import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { limits } from './limits.ts'
import { TidingsError } from './problem.ts'
import { checkPattern, checkTopic, isServerTopic, isWildcard, matchesSegments } from './topic.ts'

const allowed = [
  'a',
  'Z',
  '0',
  '_',
  '-',
  '.',
  ':',
  '%',
  '+',
  '$',
  '#',
  '>',
  "'",
  '"',
  '\\',
  '{',
  'é',
  'क',
  '数',
  '😀',
]
const refused = {
  'a space': ' ',
  'a no-break space': '\u00A0',
  'an ideographic space': '\u3000',
  'a tab': '\t',
  LF: '\n',
  CR: '\r',
  NUL: '\0',
  DEL: '\u007F',
  'next line': '\u0085',
  'line separator': '\u2028',
  'paragraph separator': '\u2029',
  'a zero-width joiner': '\u200D',
  'a right-to-left override': '\u202E',
  'a bidirectional isolate': '\u2066',
  'a soft hyphen': '\u00AD',
  'a byte order mark': '\uFEFF',
  'a tag character': '\u{E0041}',
  'half a character': '\uD83D',
  'the other half': '\uDE00',
  'what stands for broken UTF-8': '\uFFFD',
}

const long = {
  'as long as may be': { text: 'x'.repeat(limits.topicBytes), isGood: true },
  'a byte longer': { text: 'x'.repeat(limits.topicBytes + 1), isGood: false },
  'as long as may be in bytes, not in characters': { text: 'é'.repeat(limits.topicBytes / 2), isGood: true },
  'short in characters, too long in bytes': { text: 'é'.repeat(limits.topicBytes / 2 + 1), isGood: false },
  'as many segments as may be': { text: Array(limits.topicSegments).fill('x').join('/'), isGood: true },
  'a segment more': {
    text: Array(limits.topicSegments + 1)
      .fill('x')
      .join('/'),
    isGood: false,
  },
}

const segment = fc.string({ unit: fc.constantFrom(...allowed), minLength: 1, maxLength: 6 })
const goodSegment = segment.filter((text) => text !== '.' && text !== '..')
const goodTopic = fc.array(goodSegment, { minLength: 1, maxLength: 8 }).map((segments) => segments.join('/'))

describe('the grammar of topics', () => {
  test.each(['broadcast', 'user/alice', 'orders/42', '$metrics', 'a.b/..c/...', 'क्ष/数/😀', "o'r/%_/{t}:>"])(
    '%s is one',
    (topic) => expect(checkTopic(topic)).toBe(topic),
  )

  test('segments of allowed characters make a topic, which is also a pattern', () => {
    fc.assert(
      fc.property(goodTopic, (topic) => {
        expect(checkTopic(topic)).toBe(topic)
        expect(checkPattern(topic)).toBe(topic)
        expect(isWildcard(topic)).toBe(false)
      }),
    )
  })

  test.each(Object.entries(refused))('%s anywhere makes it none', (_name, character) => {
    fc.assert(
      fc.property(goodTopic, fc.nat(), (topic, at) => {
        const place = at % (topic.length + 1)
        const broken = topic.slice(0, place) + character + topic.slice(place)
        expect(() => checkTopic(broken)).toThrow(TidingsError)
        expect(() => checkPattern(broken)).toThrow(TidingsError)
      }),
      { numRuns: 20 },
    )
  })

  test.each(Object.entries(long))('%s', (_name, { text, isGood }) => {
    if (isGood) expect(checkTopic(text)).toBe(text)
    else expect(() => checkTopic(text)).toThrow(TidingsError)
  })

  test.each(['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/../b', './a', 'a/.', '*', 'a/*', 'a/**', 'a*b'])(
    '%j is none',
    (topic) => expect(() => checkTopic(topic)).toThrow(TidingsError),
  )

  test.each([undefined, null, 1, true, {}, ['a'], Symbol('a')])('%p is none', (topic) => {
    expect(() => checkTopic(topic)).toThrow(
      expect.objectContaining({ code: 'invalid_topic', field: 'topic' }),
    )
  })

  test('a message never repeats what a terminal or a reader would not see, nor more than a little', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.constantFrom(...Object.values(refused)),
        (a, b) => {
          try {
            checkTopic(a + b)
            expect.unreachable()
          } catch (error) {
            expect((error as Error).message).toMatch(/^[^\p{C}\p{Zl}\p{Zp}\u00A0\u3000]{1,700}$/u)
          }
        },
      ),
    )
  })
})

describe('the grammar of patterns', () => {
  test.each(['*', '**', '*/*', 'a/*', '*/b', 'a/*/c', 'a/**', '*/**', '$metrics/*', '$*x'.slice(0, 1)])(
    '%s is one',
    (pattern) => expect(checkPattern(pattern)).toBe(pattern),
  )

  test.each(['**/a', 'a/**/b', '**/**', 'a*', '*a', 'a/b*c', '***', 'a/***', '$*', '', 'a//*', '*/'])(
    '%j is none',
    (pattern) => expect(() => checkPattern(pattern)).toThrow(TidingsError),
  )
})

describe('which topics a pattern matches', () => {
  // Few different segments, so that a random pattern has a chance of matching a random topic.
  const few = fc.constantFrom('a', 'b', '$a')
  const topics = fc.array(few, { minLength: 1, maxLength: 5 })
  const patterns = fc
    .tuple(fc.array(fc.oneof(few, fc.constant('*')), { maxLength: 5 }), fc.boolean())
    .map(([segments, hasTail]) => (hasTail || segments.length === 0 ? [...segments, '**'] : segments))

  /** The model knows no matching: it spells out all patterns that a topic is in, and looks. */
  function spellOut(topic: readonly string[]): Set<string> {
    let prefixes: string[][] = [[]]
    const all = new Set<string>()
    for (const [index, name] of topic.entries()) {
      for (const prefix of prefixes) all.add([...prefix, '**'].join('/'))
      const choices = index === 0 && isServerTopic(name) ? [name] : [name, '*']
      prefixes = prefixes.flatMap((prefix) => choices.map((choice) => [...prefix, choice]))
    }
    for (const prefix of prefixes) all.add(prefix.join('/'))
    if (isServerTopic(topic[0]!)) all.delete('**')
    return all
  }

  test('exactly those that the model spells out', () => {
    let matches = 0
    fc.assert(
      fc.property(patterns, topics, (pattern, topic) => {
        const isExpected = spellOut(topic).has(pattern.join('/'))
        matches += Number(isExpected)
        expect(matchesSegments(pattern, topic)).toBe(isExpected)
      }),
      { numRuns: 5_000 },
    )
    // Otherwise the property would say little.
    expect(matches).toBeGreaterThan(200)
  })

  test('every pattern that the model spells out matches', () => {
    fc.assert(
      fc.property(topics, (topic) => {
        for (const pattern of spellOut(topic)) expect(matchesSegments(pattern.split('/'), topic)).toBe(true)
      }),
    )
  })

  test.each([
    ['**', '$metrics', false],
    ['*', '$metrics', false],
    ['*/cpu', '$metrics/cpu', false],
    ['$metrics/*', '$metrics/cpu', true],
    ['$metrics/**', '$metrics/cpu/0', true],
    ['$metrics/**', '$stats/cpu', false],
    ['a/*', 'a/$metrics', true],
    ['a/**', 'a', false],
    ['a/**', 'a/b', true],
    ['a/**', 'a/b/c/d', true],
    ['a/*', 'a/b/c', false],
    ['a/b', 'a/b', true],
    ['a/b', 'A/b', false],
  ])('%s, %s: %s', (pattern, topic, isMatch) => {
    expect(matchesSegments(checkPattern(pattern).split('/'), checkTopic(topic).split('/'))).toBe(isMatch)
  })

  test('matching takes a few steps a segment, whatever the pattern', () => {
    let steps = 0
    const counted = (segments: string[]) =>
      new Proxy(segments, {
        get(target, key) {
          steps++
          return Reflect.get(target, key) as unknown
        },
      })
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('*', 'a'), { minLength: 1, maxLength: 500 }),
        fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 500 }),
        fc.boolean(),
        (pattern, topic, hasTail) => {
          steps = 0
          matchesSegments(counted(hasTail ? [...pattern, '**'] : pattern), counted(topic))
          expect(steps).toBeLessThanOrEqual(4 * Math.min(pattern.length + 1, topic.length + 1) + 8)
        },
      ),
    )
    expect(steps).toBeGreaterThan(0)
  })
})
