import type { NewEvent } from '@tidings/protocol'
import { expect, it } from 'vitest'
import { Gathering, type Pending } from './gathering.ts'

const megabyte = 1024 * 1024

it('a commit takes what has gathered, up to five thousand events', () => {
  const gathering = filled(12, 1_000, 10)
  expect([gathering.take().length, gathering.take().length, gathering.take().length]).toEqual([5, 5, 2])
  expect(gathering.isEmpty).toBe(true)
})

it('a commit takes what has gathered, up to 16 MiB', () => {
  const gathering = filled(5, 1, 6 * megabyte)
  expect([gathering.take().length, gathering.take().length, gathering.take().length]).toEqual([2, 2, 1])
})

it('an append larger than a commit should be is a commit of its own', () => {
  const gathering = filled(1, 1, 10)
  gathering.add(pending(6_000, 10))
  gathering.add(pending(1, 10))
  expect(Array.from({ length: 3 }, () => gathering.take()[0]!.events.length)).toEqual([1, 6_000, 1])
})

it('too much waiting is refused, until some of it is taken', () => {
  const gathering = filled(16, 1, 16 * megabyte)
  expect(() => gathering.add(pending(1, 10))).toThrow(expect.objectContaining({ code: 'overloaded' }))
  gathering.take()
  gathering.take()
  expect(() => gathering.add(pending(1, 10))).not.toThrow()
})

it('events that hold next to nothing fill memory, too: so many of them are refused that wait', () => {
  const gathering = new Gathering(5_000)
  const small = pending(5_000, 0)
  const addMillions = () => {
    for (let count = 0; count < 1_000; count++) gathering.add(small)
  }
  expect(addMillions).toThrow(expect.objectContaining({ code: 'overloaded' }))
  while (!gathering.isEmpty) gathering.take()
  expect(() => gathering.add(small)).not.toThrow()
})

function filled(appends: number, events: number, bytes: number): Gathering {
  const gathering = new Gathering(5_000)
  for (let count = 0; count < appends; count++) gathering.add(pending(events, bytes))
  return gathering
}

function pending(count: number, bytes: number, time = 0): Pending {
  const event: NewEvent = { topic: 'a', type: 'message', format: 'text', payload: 'x'.repeat(bytes) }
  const events = Array.from({ length: count }, () => event)
  return { events, key: undefined, time, resolve: () => {}, reject: () => {} }
}
