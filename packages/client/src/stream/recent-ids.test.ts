import { expect, test } from 'vitest'
import { recentIds } from '../bounds.ts'
import { RecentIds } from './recent-ids.ts'

test('an id is new once', () => {
  const ids = new RecentIds()
  expect([ids.add('a'), ids.add('b'), ids.add('a'), ids.add('b'), ids.add('c')]).toEqual([
    true,
    true,
    false,
    false,
    true,
  ])
})

test('as many are remembered as the bound says, and the oldest are forgotten first', () => {
  const ids = new RecentIds()
  for (let number = 0; number <= recentIds; number++) expect(ids.add(`${number}`)).toBe(true)
  expect(ids.add('1')).toBe(false)
  expect(ids.add(`${recentIds}`)).toBe(false)
  expect(ids.add('0')).toBe(true)
  // The place for it was that of the oldest, and of no other.
  expect(ids.add('2')).toBe(false)
  expect(ids.add('1')).toBe(true)
})
