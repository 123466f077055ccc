import { expect, test } from 'vitest'
import { median, spread } from './numbers.ts'

test('the median of an even number of rounds lies between the middle two', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 9, 2])).toBe(3)
  expect(median([])).toBeNaN()
})

test('the spread is what the rounds differ by, as a share of the median', () => {
  expect(spread([90, 100, 120])).toBeCloseTo(0.3)
  expect(spread([7])).toBe(0)
})
