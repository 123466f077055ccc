import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventTooLargeError, type Message, Parser, type ParserOptions } from './parser.ts'

/** All that a parser said, in order. */
type Said = Message | { readonly id: string } | { readonly retryMs: number }

function read(pieces: string | readonly string[], options?: ParserOptions): Said[] {
  const said: Said[] = []
  const parser = new Parser(
    {
      onMessage: (message) => said.push(message),
      onId: (id) => said.push({ id }),
      onRetry: (retryMs) => said.push({ retryMs }),
    },
    options,
  )
  for (const piece of [pieces].flat()) parser.feed(piece)
  return said
}

/** Type, data and last id of each event. */
function events(pieces: string | readonly string[]): [string, string, string][] {
  return read(pieces).flatMap((said) =>
    'data' in said ? [[said.type, said.data, said.lastEventId] as [string, string, string]] : [],
  )
}

/** Cuts a text into pieces of these lengths, again and again. */
function cut(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = []
  for (let at = 0; at < text.length; ) {
    const end = at + lengths[pieces.length % lengths.length]!
    pieces.push(text.slice(at, end))
    at = end
  }
  return pieces
}

describe('the examples of the standard (HTML, section 9.2.6)', () => {
  test('three lines of data are one event', () => {
    expect(events('data: YHOO\ndata: +2\ndata: 10\n\n')).toEqual([['message', 'YHOO\n+2\n10', '']])
  })

  test('a comment, an id, an empty id, and a block that is cut off', () => {
    const stream = ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event'
    expect(events(stream)).toEqual([
      ['message', 'first event', '1'],
      ['message', 'second event', ''],
    ])
    expect(events(`${stream}\n\n`).at(-1)).toEqual(['message', ' third event', ''])
  })

  test('empty data, two empty lines of data, and a block that is cut off', () => {
    expect(events('data\n\ndata\ndata\n\ndata:')).toEqual([
      ['message', '', ''],
      ['message', '\n', ''],
    ])
  })

  test('a space after the colon makes no difference', () => {
    expect(events('data:test\n\ndata: test\n\n')).toEqual([
      ['message', 'test', ''],
      ['message', 'test', ''],
    ])
  })
})

describe('what is found', () => {
  test('an event has all its fields', () => {
    expect(read('event: placed\nid: a\ntopic: orders/1\ntime: 1763712000000\ndata: 5\n\n')).toEqual([
      { type: 'placed', data: '5', id: 'a', lastEventId: 'a', topic: 'orders/1', timeMs: 1_763_712_000_000 },
    ])
  })

  test('and none of an earlier one but its id', () => {
    expect(read('event: placed\nid: a\ntopic: t\ntime: 5\ndata: 1\n\ndata: 2\n\n')[1]).toEqual({
      type: 'message',
      data: '2',
      id: undefined,
      lastEventId: 'a',
      topic: undefined,
      timeMs: undefined,
    })
  })

  test('a time that is no number is none', () => {
    for (const time of ['soon', '', 'NaN', '1 2'])
      expect(read(`time: ${time}\ndata: 1\n\n`)).toMatchObject([{ timeMs: undefined }])
  })

  test('an id alone is told, and so is one that is taken back', () => {
    expect(read('id: a\n\n:\nid: b\n\nid:\n\n')).toEqual([{ id: 'a' }, { id: 'b' }, { id: '' }])
  })

  test('an id with NUL is none', () => {
    expect(read('id: a\n\nid: b\0\n\n')).toEqual([{ id: 'a' }])
  })

  test('the last id of before is repeated', () => {
    expect(read('data: 1\n\n', { lastEventId: 'z' })).toMatchObject([{ id: undefined, lastEventId: 'z' }])
  })

  test('retry is told at once, if it is a whole number, and is cut to what a timer takes', () => {
    expect(read('retry: 3000\nretry: soon\nretry: 1.5\nretry: -1\nretry:\nretry: 99999999999\n')).toEqual([
      { retryMs: 3_000 },
      { retryMs: 2_147_483_647 },
    ])
  })

  test('a byte order mark is passed over once', () => {
    expect(events('\uFEFFdata: 1\n\n')).toHaveLength(1)
    expect(events(['\uFEFF', 'data: 1\n\n'])).toHaveLength(1)
    expect(events('\uFEFF\uFEFFdata: 1\n\n')).toHaveLength(0)
  })
})

const lineEnd = fc.constantFrom('\n', '\r', '\r\n')
const value = fc.oneof(fc.constantFrom('', '0', ' ', ':', 'a\0b', '\uFEFF', '\u2028', '🙂'), fc.string())
const line = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.constantFrom('data', 'event', 'id', 'retry', 'topic', 'time', '', 'dat', 'datas', 'Data'),
        fc.constantFrom(':', ': ', ':  ', ''),
        value,
      )
      .map((parts) => parts.join('').replace(/[\r\n]/g, '')),
  },
)
const anyStream = fc.array(fc.tuple(line, lineEnd), { maxLength: 60 }).map((lines) => lines.flat().join(''))

describe('however a stream is cut', () => {
  test('the same is found', () => {
    const anyLengths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.constantFrom('', '\uFEFF'), anyStream, anyLengths, (mark, text, lengths) => {
        const stream = mark + text
        expect(read(cut(stream, lengths))).toEqual(read(stream))
      }),
      { numRuns: 1_000 },
    )
  })

  test('empty pieces change nothing, also between CR and LF, and before a byte order mark', () => {
    expect(events(['', '\uFEFF', '', 'data: 1\r', '', '\ndata: 2\r', '', '\n', '', '\r', '', '\n'])).toEqual([
      ['message', '1\n2', ''],
    ])
  })

  test('what fills a stream with nothing is nothing', () => {
    fc.assert(
      fc.property(anyStream, (text) => {
        // Only blocks that have ended: what is left of one would be a part of the next.
        const whole = `${text}\n\n`
        expect(read(`:\n\n\n${whole}`)).toEqual(read(whole))
      }),
    )
  })
})

describe('in linear time', () => {
  // With a cost per piece that grows with what is already there, each of these would take minutes.
  test('one line of 16 MB in pieces of 64', () => {
    const piece = 'x'.repeat(64)
    let data = ''
    const parser = new Parser(
      {
        onMessage: (message) => {
          data = message.data
        },
      },
      { maxEventBytes: 2 ** 25 },
    )
    parser.feed('data: ')
    for (let count = 0; count < 2 ** 18; count++) parser.feed(piece)
    parser.feed('\n\n')
    expect(data.length).toBe(2 ** 24)
  })

  test('a million empty lines, at once and one by one, of each kind', () => {
    for (const end of ['\n', '\r', '\r\n']) {
      const many = end.repeat(1_000_000)
      expect(read([many, 'data: 1\n\n'])).toHaveLength(1)
      expect(read([...cut(many, [1]), 'data: 1\n\n'])).toHaveLength(1)
    }
  })

  test('a hundred thousand lines of data', () => {
    expect(read(`${'data: x\n'.repeat(100_000)}\n`)).toMatchObject([
      { data: expect.stringMatching(/^(x\n){99999}x$/) },
    ])
  })

  test('a line of CR among a million of LF, wherever it stands', () => {
    const lines = ':\n'.repeat(500_000)
    expect(events(`${lines}data: 1\r\r${lines}data: 2\n\n`)).toHaveLength(2)
  })
})

describe('what is too large', () => {
  const maxEventBytes = 100

  function isTooLarge(pieces: string | readonly string[]): boolean {
    try {
      read(pieces, { maxEventBytes })
      return false
    } catch (error) {
      expect(error).toBeInstanceOf(EventTooLargeError)
      expect((error as Error).message).toContain('100 bytes')
      return true
    }
  }

  test.each(['data: ', 'id: ', 'event: ', 'topic: ', ':', 'unknown: '])(
    'a line of %s that does not end',
    (name) => {
      expect(isTooLarge(cut(name + 'x'.repeat(101), [7]))).toBe(true)
      expect(isTooLarge(cut(name + 'x'.repeat(80), [7]))).toBe(false)
    },
  )

  test('many lines of data that are no event yet', () => {
    expect(isTooLarge('data: 123456789\n'.repeat(10))).toBe(false)
    expect(isTooLarge('data: 123456789\n'.repeat(11))).toBe(true)
    expect(isTooLarge(cut('data: 123456789\n'.repeat(11), [3]))).toBe(true)
  })

  test('lines of data without anything in them count too', () => {
    expect(isTooLarge('data:\n'.repeat(101))).toBe(true)
    expect(isTooLarge('data:\n'.repeat(99))).toBe(false)
  })

  test('a line of data in one piece', () => {
    expect(isTooLarge(`data: ${'x'.repeat(100)}\n\n`)).toBe(true)
    expect(isTooLarge(`data: ${'x'.repeat(99)}\n\n`)).toBe(false)
  })

  test('no number of events that are small', () => {
    expect(isTooLarge('data: 123456789\nid: 123456789\n\n'.repeat(1_000))).toBe(false)
  })

  test('what came before it is told', () => {
    const data: string[] = []
    const parser = new Parser({ onMessage: (message) => data.push(message.data) }, { maxEventBytes })
    expect(() => parser.feed(`data: 1\n\ndata: 2\n\ndata: ${'x'.repeat(200)}`)).toThrow(EventTooLargeError)
    expect(data).toEqual(['1', '2'])
  })
})
