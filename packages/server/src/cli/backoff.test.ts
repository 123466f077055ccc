import { describe, expect, test } from 'vitest'
import { retryAfterMs, waitAfter } from './backoff.ts'

const backoff = { firstMs: 200, mostMs: 10_000 }

describe('the wait after failures', () => {
  test('doubles up to its bound', () => {
    const most = [1, 2, 3, 6, 7, 1_000_000].map((failures) => waitAfter(failures, backoff, 1))
    expect(most).toEqual([200, 400, 800, 6_400, 10_000, 10_000])
  })

  test('is anything from nothing to that, so that clients come back spread out', () => {
    expect(waitAfter(3, backoff, 0)).toBe(0)
    expect(waitAfter(3, backoff, 0.5)).toBe(400)
  })
})

describe('Retry-After', () => {
  test.each([
    ['3', 3_000],
    ['999999', 300_000],
    [null, 0],
    ['soon', 0],
    ['Fri, 20 Nov 2026 23:00:00 GMT', 0],
  ])('%j asks for %i ms', (header, milliseconds) => {
    expect(retryAfterMs(header)).toBe(milliseconds)
  })
})
