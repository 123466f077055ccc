import { expect, it } from 'vitest'
import { createAccess } from '../auth/create-access.ts'
import { RateLimited, RateLimits } from './rate-limits.ts'

const options = { maxPublishesPerKey: 100, maxPublishesPerUser: 5 }
const user = (name: string) => createAccess({ caller: `user ${name}`, user: name })

function taken(limits: RateLimits, access: ReturnType<typeof user>, tries: number, now: number): number {
  let count = 0
  for (let index = 0; index < tries; index++) {
    try {
      limits.take(access, now)
      count++
    } catch (error) {
      expect(error).toBeInstanceOf(RateLimited)
    }
  }
  return count
}

it('a caller has a second’s worth at once, and then as much as time brings', () => {
  const limits = new RateLimits(options)
  expect(taken(limits, user('alice'), 20, 0)).toBe(5)
  expect(taken(limits, user('alice'), 20, 400)).toBe(2)
  expect(taken(limits, user('alice'), 20, 60_000)).toBe(5)
})

it('callers do not take from one another; keys have a limit of their own, and who is nobody has none', () => {
  const limits = new RateLimits(options)
  expect(taken(limits, user('alice'), 10, 0)).toBe(5)
  expect(taken(limits, user('bob'), 10, 0)).toBe(5)
  expect(taken(limits, createAccess({ caller: 'key 1', credential: { keyId: '1' } }), 200, 0)).toBe(100)
  expect(taken(limits, createAccess({ caller: 'anonymous' }), 200, 0)).toBe(200)
})

it('a refusal says when to come back', () => {
  const limits = new RateLimits({ ...options, maxPublishesPerUser: 1 })
  limits.take(user('alice'), 0)
  try {
    limits.take(user('alice'), 0)
    expect.unreachable()
  } catch (error) {
    expect((error as RateLimited).headers).toEqual({
      'retry-after': '1',
      'ratelimit-limit': '1',
      'ratelimit-remaining': '0',
      'ratelimit-reset': '1',
    })
  }
})

it('a hundred thousand callers leave no more behind than those of the last second', () => {
  const limits = new RateLimits(options)
  for (let index = 0; index < 100_000; index++) limits.take(user(String(index)), index)
  // Whoever was forgotten begins with a full bucket again, as time would have given it.
  expect(taken(limits, user('0'), 10, 100_000)).toBe(5)
  expect(limits.size).toBeLessThanOrEqual(2_001)
})

it('being forgotten gives nobody more than time does', () => {
  const limits = new RateLimits(options)
  let count = 0
  for (let now = 0; now <= 10_000; now += 10) count += taken(limits, user('alice'), 3, now)
  expect(count).toBe(5 + 10 * 5)
})

it('a crowd in one moment takes bounded memory, and no time to forget', () => {
  const limits = new RateLimits(options)
  const began = performance.now()
  for (let index = 0; index < 300_000; index++) limits.take(user(String(index)), 0)
  expect(limits.size).toBeLessThanOrEqual(200_000)
  expect(performance.now() - began).toBeLessThan(30_000)
})
