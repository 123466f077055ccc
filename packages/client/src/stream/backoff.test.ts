import fc from 'fast-check'
import { expect, test } from 'vitest'
import { firstPauseMs, longestPauseMs, timerMs } from '../bounds.ts'
import { backoff } from './backoff.ts'

const almostOne = 1 - Number.EPSILON

test('the window is a second at first, doubles, and ends at half a minute', () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 1_000_000].map((attempt) =>
    backoff({ attempt, adviceMs: 0, random: almostOne }),
  )
  expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
})

test('each pause of the window is as likely as any other: it begins at nothing', () => {
  const pauses = [0, 0.25, 0.5, 0.75].map((random) => backoff({ attempt: 4, adviceMs: 0, random }))
  expect(pauses).toEqual([0, 2_000, 4_000, 6_000])
})

test('what the server asks for comes first, and chance on top of it', () => {
  expect(backoff({ attempt: 1, adviceMs: 7_000, random: 0 })).toBe(7_000)
  expect(backoff({ attempt: 1, adviceMs: 7_000, random: 0.5 })).toBe(7_500)
})

test('a pause is whole, never shorter than advised, never longer than advice and window, and fits a timer', () => {
  const anything = fc.record({
    attempt: fc.integer({ min: 1, max: 5_000 }),
    adviceMs: fc.nat(timerMs),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  fc.assert(
    fc.property(anything, ({ attempt, adviceMs, random }) => {
      const pause = backoff({ attempt, adviceMs, random })
      expect(Number.isInteger(pause)).toBe(true)
      expect(pause).toBeGreaterThanOrEqual(adviceMs)
      expect(pause).toBeLessThanOrEqual(
        adviceMs + Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1)),
      )
      expect(pause).toBeLessThanOrEqual(timerMs)
    }),
  )
})
