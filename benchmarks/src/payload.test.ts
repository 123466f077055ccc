import { expect, test } from 'vitest'
import { countEvents, lastIdIn, nowMicros, payload, readStamps } from './payload.ts'

const due = 1_790_000_000_123_456
const block = Buffer.from(`id: k3v9x0a2bq.1z4.m2c8p\ndata: ${payload(due)}\n\n`)

test('a payload is JSON, and of the same size whatever its stamp', () => {
  expect(JSON.parse(payload(due))).toEqual({ '~': due, text: expect.any(String) })
  expect(payload(nowMicros())).toHaveLength(payload(due).length)
})

test('events are counted wherever the bytes were cut', () => {
  const bytes = Buffer.concat([block, block, block])
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(countEvents(bytes.subarray(0, cut)) + countEvents(bytes.subarray(cut))).toBe(3)
  }
})

test('a stamp that is cut off is read with the next bytes', () => {
  const bytes = Buffer.concat([block, block])
  for (let cut = 0; cut <= bytes.length; cut++) {
    const stamps: number[] = []
    const rest = readStamps(bytes.subarray(0, cut), (stamp) => stamps.push(stamp))
    expect(readStamps(bytes.subarray(rest), (stamp) => stamps.push(stamp))).toBe(bytes.length - rest)
    expect(stamps).toEqual([due, due])
  }
})

test('the last id is the last whole line, not one that is cut off', () => {
  expect(lastIdIn(Buffer.from('x\nid: a.1.b\n\n\nid: a.2.b\ndata: 1\n\n'))).toBe('a.2.b')
  expect(lastIdIn(Buffer.from('x\nid: a.1'))).toBeUndefined()
  expect(lastIdIn(Buffer.from(':\n\n'))).toBeUndefined()
})
