import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { timerMs } from '../bounds.ts'
import { Watchdog } from './watchdog.ts'

let silences: number
let watchdog: Watchdog

beforeEach(() => {
  vi.useFakeTimers()
  silences = 0
  watchdog = new Watchdog(() => silences++)
})

afterEach(() => {
  vi.useRealTimers()
})

test('silence is noticed when it has lasted too long, and not before, and once', () => {
  watchdog.watch(1_000)
  vi.advanceTimersByTime(999)
  expect(silences).toBe(0)
  vi.advanceTimersByTime(1)
  expect(silences).toBe(1)
  vi.advanceTimersByTime(60_000)
  expect(silences).toBe(1)
})

test('whatever is heard begins the time anew', () => {
  watchdog.watch(1_000)
  for (let count = 0; count < 10; count++) {
    vi.advanceTimersByTime(900)
    watchdog.hear()
  }
  expect(silences).toBe(0)
  vi.advanceTimersByTime(999)
  expect(silences).toBe(0)
  vi.advanceTimersByTime(1)
  expect(silences).toBe(1)
})

test('hearing touches no timer: there can be thousands of pieces a second', () => {
  watchdog.watch(1_000)
  const set = vi.spyOn(globalThis, 'setTimeout')
  for (let count = 0; count < 1_000; count++) watchdog.hear()
  expect(set).not.toHaveBeenCalled()
})

test('a new limit counts from now', () => {
  watchdog.watch(1_000)
  vi.advanceTimersByTime(900)
  watchdog.watch(5_000)
  vi.advanceTimersByTime(4_999)
  expect(silences).toBe(0)
  vi.advanceTimersByTime(1)
  expect(silences).toBe(1)
})

test('while it is held, silence means nothing', () => {
  watchdog.watch(1_000)
  watchdog.isHeld = true
  vi.advanceTimersByTime(60_000)
  expect(silences).toBe(0)
  watchdog.isHeld = false
  watchdog.hear()
  vi.advanceTimersByTime(2_000)
  expect(silences).toBe(1)
})

test('whoever held it holds the next connection no more', () => {
  watchdog.watch(1_000)
  watchdog.isHeld = true
  watchdog.stop()
  watchdog.watch(1_000)
  vi.advanceTimersByTime(1_000)
  expect(silences).toBe(1)
})

test('a device that slept is told of the silence when somebody looks', () => {
  watchdog.watch(1_000)
  vi.setSystemTime(Date.now() + 3_600_000)
  watchdog.check()
  expect(silences).toBe(1)
})

test('a clock that is set back delays it by no more than the limit', () => {
  watchdog.watch(1_000)
  vi.setSystemTime(Date.now() - 3_600_000)
  vi.advanceTimersByTime(2_000)
  expect(silences).toBe(1)
})

test('looking early does no harm', () => {
  watchdog.watch(1_000)
  vi.advanceTimersByTime(600)
  watchdog.check()
  vi.advanceTimersByTime(399)
  expect(silences).toBe(0)
  vi.advanceTimersByTime(1)
  expect(silences).toBe(1)
})

test.each([0, -1, Number.NaN, 'soon' as unknown as number])(
  'with a limit of %s nothing is watched',
  (limitMs) => {
    watchdog.watch(1_000)
    watchdog.watch(limitMs)
    watchdog.check()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(timerMs)
    expect(silences).toBe(0)
  },
)

test('a limit that no timer could take is cut to the longest one', () => {
  const set = vi.spyOn(globalThis, 'setTimeout')
  watchdog.watch(Number.POSITIVE_INFINITY)
  watchdog.watch(1e12)
  expect(set.mock.calls.map(([, ms]) => ms)).toEqual([timerMs, timerMs])
  vi.advanceTimersByTime(1_000_000)
  expect(silences).toBe(0)
})

test('when it is stopped, no timer is left', () => {
  watchdog.watch(1_000)
  watchdog.stop()
  expect(vi.getTimerCount()).toBe(0)
})
