import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { limits } from './limits.ts'
import { checkText, writeJson } from './payload.ts'
import { TidingsError } from './problem.ts'

/** Arrays in one another. */
function nest(levels: number): unknown {
  let data: unknown = 1
  for (let level = 0; level < levels; level++) data = [data]
  return data
}

/** Few objects that stand for very many: each holds the one below twice. */
function share(levels: number): unknown {
  let data: unknown = 'leaf'
  for (let level = 0; level < levels; level++) data = { left: data, right: data }
  return data
}

/** How long a refusal kept this thread busy, in milliseconds of CPU: other processes do not count. */
function costOfRefusing(data: unknown): number {
  const started = process.cpuUsage()
  expect(() => writeJson(data)).toThrow(TidingsError)
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1_000
}

describe('data as JSON', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        expect(JSON.parse(writeJson(data))).toEqual(normal(data))
      }),
    )
  })

  test('is what JSON.stringify writes, on one line', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (data) => {
        expect(writeJson(data)).toBe(JSON.stringify(data))
        expect(writeJson(data)).not.toMatch(/[\r\n]/)
      }),
    )
  })

  test.each([
    ['absent', undefined, 'null'],
    ['null', null, 'null'],
    ['zero', 0, '0'],
    ['not a number', Number.NaN, 'null'],
    ['false', false, 'false'],
    ['an empty string', '', '""'],
    ['line ends', '\r\n', '"\\r\\n"'],
    ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['a function inside', { a: () => 1, b: [() => 1] }, '{"b":[null]}'],
    ['undefined inside', { a: undefined, b: [undefined] }, '{"b":[null]}'],
    ['a map', new Map([[1, 2]]), '{}'],
    ['bytes', Buffer.from('ab'), '{"type":"Buffer","data":[97,98]}'],
    ['the same object twice', [Array(2).fill({ a: 1 })], '[[{"a":1},{"a":1}]]'],
    ['a backslash before what looks like an escape', '\\ud800', '"\\\\ud800"'],
    ['a whole character', '😀', '"😀"'],
  ])('%s', (_name, data, text) => expect(writeJson(data)).toBe(text))

  test('a key called __proto__ is a key like any other', () => {
    const text = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":1}}'
    expect(writeJson(JSON.parse(text))).toBe(text)
    expect('isAdmin' in {}).toBe(false)
  })

  test.each([
    ['a bigint', 1n],
    ['a bigint inside', { a: [1n] }],
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['what turns itself into nothing', { toJSON: () => undefined }],
    ['half a character', '\uD83D'],
    ['the other half', 'a\uDE00b'],
    ['halves in the wrong order', '\uDE00\uD83D'],
    ['half a character after a backslash', '\\\uD83D'],
    ['half a character in a key', { '\uD83D': 1 }],
  ])('%s is refused', (_name, data) => {
    expect(() => writeJson(data)).toThrow(expect.objectContaining({ code: 'invalid_field', field: 'data' }))
  })

  test.each([
    ['an error', new Error('broken\nsecret second line')],
    ['nothing', undefined],
    ['an object without text', Object.create(null)],
  ])('a getter that throws %s is the caller’s error, told in one line', (_name, thrown) => {
    const data = {
      get broken(): unknown {
        throw thrown
      },
    }
    expect(() => writeJson(data)).toThrow(
      expect.objectContaining({
        code: 'invalid_field',
        message: expect.stringMatching(/^data cannot .*\.$/),
      }),
    )
  })

  test('an object that turns itself into something simple may be anything inside', () => {
    const inner: { deep: unknown; self?: unknown } = { deep: nest(1_000) }
    inner.self = inner
    expect(writeJson({ at: { inner, toJSON: () => 'simple' } })).toBe('{"at":"simple"}')
  })
})

describe('data without bounds', () => {
  test(`${limits.dataDepth} levels are accepted, one more is not`, () => {
    expect(writeJson(nest(limits.dataDepth))).toBe(JSON.stringify(nest(limits.dataDepth)))
    expect(() => writeJson(nest(limits.dataDepth + 1))).toThrow(`deeper than ${limits.dataDepth} levels`)
    const objects = (levels: number): unknown => (levels === 0 ? 1 : { a: objects(levels - 1) })
    expect(writeJson(objects(limits.dataDepth))).toBe(JSON.stringify(objects(limits.dataDepth)))
    expect(() => writeJson(objects(limits.dataDepth + 1))).toThrow(TidingsError)
  })

  test('depth that appears only when it is written counts', () => {
    expect(() => writeJson({ toJSON: () => nest(limits.dataDepth + 1) })).toThrow(TidingsError)
    const endless = { toJSON: (): unknown => ({ again: { ...endless } }) }
    expect(() => writeJson(endless)).toThrow(TidingsError)
  })

  test('100,000 levels are refused at once', () => {
    expect(costOfRefusing(nest(100_000))).toBeLessThan(250)
    expect(costOfRefusing(JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)))).toBeLessThan(250)
  })

  test('an object that holds itself is refused at once', () => {
    const direct: { self?: unknown } = {}
    direct.self = direct
    expect(costOfRefusing(direct)).toBeLessThan(250)
    const crowd: unknown[] = []
    for (let index = 0; index < 50; index++) crowd.push(crowd)
    expect(costOfRefusing(crowd)).toBeLessThan(250)
  })

  test('shared objects that would be written 2^60 times are refused, not written', () => {
    expect(costOfRefusing(share(60))).toBeLessThan(500)
    // A little sharing is no crime.
    expect(JSON.parse(writeJson(share(10)))).toEqual(share(10))
  })

  test('shared strings that would be written too long are refused, not written', () => {
    const chapter = 'x'.repeat(2 ** 20)
    const book = Array(65).fill(chapter)
    expect(() => writeJson(book)).toThrow(expect.objectContaining({ code: 'event_too_large', status: 413 }))
    expect(() => writeJson(Array(1_000).fill(book))).toThrow(TidingsError)
    expect(() => writeJson({ [chapter]: Array(64).fill(chapter) })).toThrow(TidingsError)
  })

  test.each([
    ['a sparse array', Array(2 ** 32 - 1)],
    ['many values', Array(limits.dataValues).fill(0)],
    ['many bytes', new Uint8Array(2 ** 26)],
    ['many bytes in a Buffer', Buffer.alloc(2 ** 26)],
  ])('%s are too many values', (_name, data) => {
    expect(costOfRefusing(data)).toBeLessThan(500)
  })

  test('as many values as may be are accepted', () => {
    expect(writeJson(Array(limits.dataValues - 1).fill(0)).length).toBe(2 * (limits.dataValues - 1) + 1)
  })

  test('what only grows too long when it is written is refused', () => {
    const text = '\0'.repeat(limits.payloadLength / 4)
    expect(() => writeJson(text)).toThrow(expect.objectContaining({ code: 'event_too_large' }))
  })
})

describe('text', () => {
  test('stays as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(checkText(text)).toBe(text)
      }),
    )
  })

  test('has the same bound as data', () => {
    const longest = 'x'.repeat(limits.payloadLength)
    expect(checkText(longest)).toBe(longest)
    expect(() => checkText(`${longest}x`)).toThrow(
      expect.objectContaining({ code: 'event_too_large', field: 'text' }),
    )
  })
})

/** What JSON cannot tell apart. */
function normal(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data))
}
