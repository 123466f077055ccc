import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDuration, formatSize, parseDuration, parseSize } from './quantity.ts'

const whole = fc.maxSafeNat()

describe('durations', () => {
  test('what is written is read back exactly', () => {
    fc.assert(fc.property(whole, (value) => parseDuration(formatDuration(value)) === value))
  })

  test.each([
    ['15s', 15_000],
    ['24h', 86_400_000],
    ['250 ms', 250],
    [' 5m ', 300_000],
    ['1.5h', 5_400_000],
    ['1.1h', 3_960_000],
    ['7d', 604_800_000],
    ['0', 0],
    ['1500', 1_500],
  ])('%j is %i ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  test.each([
    '',
    's',
    '-1s',
    '1 parsec',
    '0.5ms',
    '1e3',
    '15S',
    '1h30m',
    '∞',
    '99999999999999999s',
    '9007199254740992',
  ])('%j is no duration', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })

  test('the shortest exact spelling is chosen', () => {
    expect([90_000, 86_400_000, 1_500, 0].map(formatDuration)).toEqual(['90s', '1d', '1500ms', '0ms'])
  })
})

describe('sizes', () => {
  test('what is written is read back exactly', () => {
    fc.assert(fc.property(whole, (value) => parseSize(formatSize(value)) === value))
  })

  test('units may be written in any case, with any space before them', () => {
    const unit = fc.constantFrom('KiB', 'kib', 'KIB')
    const space = fc.constantFrom('', ' ', '  ')
    fc.assert(
      fc.property(fc.nat(), space, unit, (n, space, unit) => parseSize(`${n}${space}${unit}`) === n * 1024),
    )
  })

  test.each([
    ['64 MiB', 67_108_864],
    ['1GiB', 1_073_741_824],
    ['10MB', 10_000_000],
    ['0.5KiB', 512],
    ['4096', 4_096],
    ['1TiB', 1_099_511_627_776],
  ])('%j is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  // "M" is a thousand thousands to some and 1,024 times 1,024 to others.
  test.each(['64M', '64K', 'MiB', '1.5B', '-1KiB', '1,000'])('%j is no size', (text) => {
    expect(parseSize(text)).toBeUndefined()
  })
})
