import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { epochLength, formatCursor, originTag, parseCursor, randomBase36, tagLength } from './cursor.ts'
import { limits } from './limits.ts'

const base36 = (length: number) =>
  fc.string({
    unit: fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyz'),
    minLength: length,
    maxLength: length,
  })
const cursor = fc.record({ epoch: base36(epochLength), seq: fc.maxSafeNat(), tag: base36(tagLength) })

describe('a cursor', () => {
  test('comes back from its text as it was', () => {
    fc.assert(
      fc.property(cursor, (place) => {
        expect(parseCursor(formatCursor(place))).toEqual(place)
      }),
    )
  })

  test('is short and plain enough that no browser asks for a preflight', () => {
    fc.assert(
      fc.property(cursor, (place) => {
        expect(formatCursor(place)).toMatch(/^[a-z0-9.]+$/)
        expect(formatCursor(place).length).toBeLessThanOrEqual(limits.cursorLength)
      }),
    )
  })

  test.each([0, 1, 35, 36, Number.MAX_SAFE_INTEGER])('number %d survives', (seq) => {
    const place = { epoch: 'k3v9x0a1b2', seq, tag: originTag }
    expect(parseCursor(formatCursor(place))).toEqual(place)
  })

  test('has one spelling: what parses is what would be written', () => {
    const likely = fc.string({ unit: fc.constantFrom(...'0az9A.- \n'), maxLength: 40 })
    const nearly = fc.tuple(cursor, likely, fc.nat(30), fc.nat(2)).map(([place, noise, at, cut]) => {
      const text = formatCursor(place)
      return text.slice(0, at) + noise.slice(0, cut) + text.slice(at + cut)
    })
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), likely, nearly), (text) => {
        const place = parseCursor(text)
        if (place !== undefined) expect(formatCursor(place)).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    ['nothing', ''],
    ['a number', '42'],
    ['garbage', 'garbage'],
    ['a capital', 'K3v9x0a1b2.1.x9k2m'],
    ['a leading zero', 'k3v9x0a1b2.01.x9k2m'],
    ['a negative number', 'k3v9x0a1b2.-1.x9k2m'],
    ['a number no double holds', 'k3v9x0a1b2.2gosa7pa2gw.x9k2m'],
    ['a number far too long', `k3v9x0a1b2.${'1'.repeat(50)}.x9k2m`],
    ['a short epoch', 'k3v9x0a1b.1.x9k2m'],
    ['a long epoch', 'k3v9x0a1b22.1.x9k2m'],
    ['a short tag', 'k3v9x0a1b2.1.x9k2'],
    ['a long tag', 'k3v9x0a1b2.1.x9k2mm'],
    ['no tag', 'k3v9x0a1b2.1'],
    ['a line end after it', 'k3v9x0a1b2.1.x9k2m\n'],
    ['a line end before it', '\nk3v9x0a1b2.1.x9k2m'],
    ['a space after it', 'k3v9x0a1b2.1.x9k2m '],
    ['two of them', 'k3v9x0a1b2.1.x9k2m, k3v9x0a1b2.1.x9k2m'],
    ['NUL', 'k3v9x0a1b2.1.x9k2\0'],
    ['digits of another script', 'k3v9x0a1b2.१.x9k2m'],
    ['16 kB', 'a'.repeat(16_384)],
  ])('%s is none', (_name, text) => expect(parseCursor(text)).toBeUndefined())
})

describe('random text', () => {
  test('has the length asked for, and base 36 only', () => {
    fc.assert(
      fc.property(fc.nat(100), (length) => {
        expect(randomBase36(length)).toMatch(new RegExp(`^[0-9a-z]{${length}}$`))
      }),
    )
  })

  test('uses every digit about equally often', () => {
    const counts = new Map<string, number>()
    for (const digit of randomBase36(72_000)) counts.set(digit, (counts.get(digit) ?? 0) + 1)
    expect(counts.size).toBe(36)
    // 2,000 each, with a deviation of 44: seven deviations do not happen by chance.
    for (const count of counts.values()) expect(Math.abs(count - 2_000)).toBeLessThan(310)
  })

  test('does not repeat', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => randomBase36(epochLength))).size).toBe(1_000)
  })
})
