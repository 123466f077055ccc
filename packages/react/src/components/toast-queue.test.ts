import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Toast, ToastQueue } from './toast-queue.ts'

let queue: ToastQueue
let stop: () => void

beforeEach(() => {
  vi.useFakeTimers()
  queue = new ToastQueue({ max: 2, durationMs: 1_000 })
  stop = queue.subscribe(() => {})
})

afterEach(() => {
  stop()
  vi.useRealTimers()
})

const toast = (key: string): Toast => ({ key, kind: 'info', title: key, message: '', count: 1 })
const shown = () =>
  queue.getSnapshot().map(({ kind, key, count }) => (kind === 'info' ? key : `${kind} ${count}`))

test('each toast goes when its own time is over', () => {
  queue.add([toast('a')])
  vi.advanceTimersByTime(600)
  queue.add([toast('b')])
  vi.advanceTimersByTime(399)
  expect(shown()).toEqual(['a', 'b'])
  vi.advanceTimersByTime(1)
  expect(shown()).toEqual(['b'])
  vi.advanceTimersByTime(600)
  expect(shown()).toEqual([])
})

test('a clock that is set back keeps no toast', () => {
  queue.add([toast('a')])
  vi.setSystemTime(Date.now() - 3_600_000)
  queue.add([toast('b')])
  vi.advanceTimersByTime(1_000)
  expect(shown()).toEqual([])
})

test('no time passes as long as there is one reason to pause', () => {
  queue.add([toast('a')])
  vi.advanceTimersByTime(900)
  queue.pause('pointer')
  queue.pause('focus')
  vi.advanceTimersByTime(5_000)
  queue.resume('pointer')
  vi.advanceTimersByTime(5_000)
  // What comes meanwhile does not start the time either.
  queue.add([toast('b')])
  vi.advanceTimersByTime(5_000)
  expect(shown()).toEqual(['a', 'b'])
  queue.resume('focus')
  vi.advanceTimersByTime(100)
  expect(shown()).toEqual(['b'])
})

test('what has no room is counted, and a place that becomes free is used', () => {
  queue.add(['a', 'b', 'c', 'd'].map(toast))
  expect(shown()).toEqual(['a', 'b', 'more 2'])
  queue.close('a')
  queue.add([toast('e')])
  expect(shown()).toEqual(['b', 'e', 'more 2'])
  queue.add([toast('f')])
  expect(shown()).toEqual(['b', 'e', 'more 3'])
})

test('what was missed twice is one sum', () => {
  queue.addMissed(5)
  queue.add([toast('a')])
  queue.addMissed(2)
  expect(shown()).toEqual(['missed 7', 'a'])
})

test('with the last toast every pause ends', () => {
  queue.add([toast('a')])
  queue.pause('pointer')
  queue.close('a')
  queue.add([toast('b')])
  vi.advanceTimersByTime(1_000)
  expect(shown()).toEqual([])
})

test('no timer is left when there is nothing to show', () => {
  queue.add([toast('a')])
  queue.close('a')
  expect(vi.getTimerCount()).toBe(0)
})
