import fc from 'fast-check'
import { expect, it } from 'vitest'
import { merge, type Run } from './merge.ts'

const numbers = fc.uniqueArray(fc.nat(400), { maxLength: 120 })

it('merged runs are as their union, sorted and cut', () => {
  const cases = fc.record({
    runs: fc.array(numbers, { maxLength: 12 }),
    from: fc.nat(400),
    limit: fc.integer({ min: 1, max: 150 }),
    sign: fc.constantFrom(1 as const, -1 as const),
  })
  fc.assert(
    fc.property(cases, ({ runs, from, limit, sign }) => {
      const expected = runs.flat().filter((number) => (number - from) * sign >= 0)
      expected.sort((a, b) => sign * (a - b))
      expect(
        merge(
          runs.map((run) => runOf(run, sign)),
          from,
          limit,
          sign,
        ),
      ).toEqual(expected.slice(0, limit))
    }),
  )
})

it('little more is fetched than is wanted, though every run is long', () => {
  let fetched = 0
  const runs = Array.from({ length: 500 }, (_, index) => {
    const run = runOf(
      Array.from({ length: 200 }, (_, turn) => turn * 500 + index),
      1,
    )
    return {
      next(from: number, count: number) {
        const found = run.next(from, count)
        fetched += found.length
        return found
      },
    }
  })
  expect(merge(runs, 0, 1000, 1)).toEqual(Array.from({ length: 1000 }, (_, index) => index))
  expect(fetched).toBeLessThan(5 * 1000)
})

function runOf(numbers: readonly number[], sign: 1 | -1): Run {
  const sorted = numbers.toSorted((a, b) => sign * (a - b))
  return { next: (from, count) => sorted.filter((number) => (number - from) * sign >= 0).slice(0, count) }
}
