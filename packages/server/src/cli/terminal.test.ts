import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable } from './terminal.ts'

test('text that is printed cannot steer the terminal or break the line', () => {
  expect(printable('a\nb\r\t\u001b[2J\u007f\u009b\u2028é😀"')).toBe(
    'a\\nb\\r\\t\\u001b[2J\\u007f\\u009b\\u2028é😀"',
  )
  const character = fc.integer({ min: 0, max: 0x2fff }).map((code) => String.fromCodePoint(code))
  const isHarmless = (text: string) => !/[\p{Cc}\u2028\u2029]/u.test(printable(text))
  fc.assert(fc.property(fc.array(character), (characters) => isHarmless(characters.join(''))))
})
