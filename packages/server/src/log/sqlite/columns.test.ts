import type { NewEvent } from '@tidings/protocol'
import { expect, it } from 'vitest'
import type { Pending } from '../gathering.ts'
import { columnsOf } from './columns.ts'

it('columns hold every event in order, with a tag of its own and the time of its append', () => {
  const columns = columnsOf([pending(2, 3, 111), pending(1, 4, 222)])
  expect(columns.payload).toEqual(['xxx', 'xxx', 'xxxx'])
  expect(columns.time).toEqual([111, 111, 222])
  expect(new Set(columns.tag).size).toBe(3)
  for (const tag of columns.tag) expect(tag).toMatch(/^[0-9a-z]{5}$/)
})

function pending(count: number, bytes: number, time = 0): Pending {
  const event: NewEvent = { topic: 'a', type: 'message', format: 'text', payload: 'x'.repeat(bytes) }
  const events = Array.from({ length: count }, () => event)
  return { events, key: undefined, time, resolve: () => {}, reject: () => {} }
}
