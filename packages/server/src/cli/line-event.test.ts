import { describe, expect, test } from 'vitest'
import { type LineReading, readLineEvent } from './line-event.ts'

function read(text: string, reading: Partial<LineReading> = {}): unknown {
  const line = { number: 7, text, isRepaired: false, isTooLong: false }
  const event = readLineEvent(line, { format: 'text', topic: 'logs/app', maxEventBytes: 100, ...reading })
  return event === undefined ? undefined : JSON.parse(event.json)
}

describe('a line', () => {
  test.each(['hello', '', ' ', '{"a":1}', 'tab\tand "quotes"', '\u2028'])(
    'of text %j is the text of an event',
    (text) => {
      expect(read(text)).toEqual({ topic: 'logs/app', type: 'message', text })
    },
  )

  test('of JSON is the data of an event', () => {
    const reading = { format: 'json', type: 'reading' } as const
    expect(read('{"a":[1,null]}', reading)).toEqual({
      topic: 'logs/app',
      type: 'reading',
      data: { a: [1, null] },
    })
    expect(read('"text"', reading)).toEqual({ topic: 'logs/app', type: 'reading', data: 'text' })
  })

  test('may be a whole event', () => {
    const reading = { format: 'ndjson', topic: undefined } as const
    expect(read('{"topic":"a","text":"b"}', reading)).toEqual({ topic: 'a', type: 'message', text: 'b' })
    expect(read('{"topic":"a","type":"t","data":0}', reading)).toEqual({ topic: 'a', type: 't', data: 0 })
  })

  test('between lines of JSON may be blank', () => {
    expect(read('', { format: 'json' })).toBeUndefined()
    expect(read(' \t', { format: 'ndjson' })).toBeUndefined()
  })

  test.each([
    ['{"a":', { format: 'json' }, 'not valid JSON'],
    ['{"topic":"a","tpye":"b"}', { format: 'ndjson' }, 'no field "tpye"'],
    ['{"topic":"a/*"}', { format: 'ndjson' }, 'has a "*"'],
    ['{"topic":"a","type":"gap"}', { format: 'ndjson' }, 'control event'],
    ['[1]', { format: 'ndjson' }, 'An event is an object'],
    ['x'.repeat(101), {}, 'longer than 100 bytes'],
    ['é'.repeat(51), {}, 'longer than 100 bytes'],
  ] as const)('%j that no server takes is refused', (text, reading, why) => {
    expect(() => read(text, reading)).toThrow(why)
  })

  test('of exactly the most that an event may have is taken', () => {
    expect(read('é'.repeat(50))).toMatchObject({ text: 'é'.repeat(50) })
  })
})
