import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { controlTypes } from './control.ts'
import { checkEvent, checkType } from './event.ts'
import { limits } from './limits.ts'
import type { ProblemCode } from './problem.ts'
import { TidingsError } from './problem.ts'

/** The error that a check throws. */
function errorOf(check: () => unknown): TidingsError {
  try {
    check()
  } catch (error) {
    expect(error).toBeInstanceOf(TidingsError)
    return error as TidingsError
  }
  throw new Error('nothing was thrown')
}

describe('an event that a publisher sends', () => {
  test('data becomes JSON, and the type is message if none is named', () => {
    const event = checkEvent({ topic: 'user/alice', data: { a: [1, 'é'] } })
    expect(event).toEqual({ topic: 'user/alice', type: 'message', format: 'json', payload: '{"a":[1,"é"]}' })
  })

  test('text stays as it is, line ends included', () => {
    const event = checkEvent({ topic: 'logs', type: 'line', text: ' a\r\nb\r' })
    expect(event).toEqual({ topic: 'logs', type: 'line', format: 'text', payload: ' a\r\nb\r' })
  })

  test('empty text is text', () => {
    expect(checkEvent({ topic: 'logs', text: '' })).toMatchObject({ format: 'text', payload: '' })
  })

  test('without data and text its data is null', () => {
    expect(checkEvent({ topic: 'ping' })).toMatchObject({ format: 'json', payload: 'null' })
  })

  test.each([undefined, null, 'text', 1, true, [], [{ topic: 'a' }], () => ({ topic: 'a' })])(
    '%p is none',
    (input) => {
      expect(errorOf(() => checkEvent(input)).code).toBe('invalid_field')
    },
  )

  test.each([
    ['no topic', {}, 'invalid_topic', 'topic'],
    ['a topic that is a number', { topic: 1 }, 'invalid_topic', 'topic'],
    ['a pattern as a topic', { topic: 'a/*' }, 'invalid_topic', 'topic'],
    ['a topic with a line end', { topic: 'a\nb' }, 'invalid_topic', 'topic'],
    ["a topic of the server's", { topic: '$metrics' }, 'reserved_topic', 'topic'],
    ['an id', { topic: 'a', id: '1' }, 'invalid_field', undefined],
    ['a misspelt field', { topic: 'a', dat: 1 }, 'invalid_field', undefined],
    ['data and text', { topic: 'a', data: 1, text: 'x' }, 'invalid_field', 'text'],
    ['null data and text', { topic: 'a', data: null, text: 'x' }, 'invalid_field', 'text'],
    ['text that is no string', { topic: 'a', text: 1 }, 'invalid_field', 'text'],
    ['text that is null', { topic: 'a', text: null }, 'invalid_field', 'text'],
    ['text with half a character', { topic: 'a', text: 'x\uD83D' }, 'invalid_field', 'text'],
    ['data with half a character', { topic: 'a', data: { a: ['\uDE00'] } }, 'invalid_field', 'data'],
    ['a type that is null', { topic: 'a', type: null }, 'invalid_field', 'type'],
    ['a control type', { topic: 'a', type: 'gap' }, 'reserved_type', 'type'],
  ] satisfies [string, unknown, ProblemCode, string | undefined][])(
    '%s is refused',
    (_name, input, code, field) => {
      expect(errorOf(() => checkEvent(input))).toMatchObject({ code, field })
    },
  )

  test('a field called __proto__ is a field that events do not have', () => {
    const input: unknown = JSON.parse('{"topic":"a","__proto__":{"text":"x"}}')
    expect(errorOf(() => checkEvent(input)).message).toContain('"__proto__"')
  })

  test('an unknown field is shown short and with nothing invisible in it', () => {
    const { message } = errorOf(() => checkEvent({ topic: 'a', [`\u202E\u2028${'x'.repeat(100_000)}`]: 1 }))
    expect(message).toContain('\\u{202e}\\u{2028}')
    expect(message.length).toBeLessThan(200)
  })

  test('hundreds of thousands of unknown fields are refused at the first', () => {
    const input = Object.fromEntries(Array.from({ length: 300_000 }, (_, index) => [`k${index}`, index]))
    const started = process.cpuUsage()
    expect(errorOf(() => checkEvent(input)).code).toBe('invalid_field')
    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000)
  })

  test('only the server itself publishes to its own topics', () => {
    expect(checkEvent({ topic: '$metrics', data: 1 }, true).topic).toBe('$metrics')
  })
})

describe('the type of an event', () => {
  test.each([
    'update',
    'price-update',
    'a b',
    'error',
    '数',
    '😀',
    'x'.repeat(limits.typeLength),
    'gap2',
    'Gap',
  ])('%s is good', (type) => expect(checkType(type)).toBe(type))

  test('none means message', () => expect(checkType(undefined)).toBe('message'))

  test.each(controlTypes)("%s is the server's own", (type) => {
    expect(errorOf(() => checkType(type))).toMatchObject({ code: 'reserved_type', status: 400 })
  })

  test.each([
    ['empty', ''],
    ['too long', 'x'.repeat(limits.typeLength + 1)],
    ['100 kB', 'x'.repeat(100_000)],
    ['LF', 'a\nb'],
    ['CR', 'a\rb'],
    ['CRLF', 'a\r\ndata: forged'],
    ['LF at the end', 'a\n'],
    ['NUL', 'a\0b'],
    ['a tab', 'a\tb'],
    ['next line', 'a\u0085b'],
    ['line separator', 'a\u2028b'],
    ['paragraph separator', 'a\u2029b'],
    ['a right-to-left override', 'a\u202Eb'],
    ['a byte order mark', '\uFEFFa'],
    ['half a character', 'a\uD83D'],
    ['what stands for broken UTF-8', 'a\uFFFD'],
    ['a comma', 'a,b'],
    ['a leading space', ' gap'],
    ['a trailing space', 'gap '],
    ['a trailing no-break space', 'gap\u00A0'],
    ['a number', 1],
    ['a list', ['gap']],
    ['an object that says gap', { toString: () => 'gap' }],
  ])('%s is refused', (_name, type) => {
    expect(errorOf(() => checkType(type))).toMatchObject({ code: 'invalid_field', field: 'type' })
  })

  test('what is accepted stays on one line, wherever it is shown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (type) => {
        try {
          checkType(type)
        } catch {
          return
        }
        expect(type).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp},]+$/u)
        expect(type.trim()).toBe(type)
      }),
      { numRuns: 1_000 },
    )
  })
})
