import { expect, test } from 'vitest'
import type { Connection } from '../observe/connection-observer.ts'
import { bannerAt } from './banner-view.ts'

const patience = { graceMs: 3_000, returnedMs: 10_000 }

const live: Connection = {
  state: 'live',
  isConnected: true,
  attempt: 0,
  trouble: undefined,
  retryAtMs: undefined,
  awaySinceMs: undefined,
  lastEventId: undefined,
  lastEventAtMs: undefined,
  clientId: 'c1',
  returned: undefined,
  gap: undefined,
  role: 'alone',
}

const away: Connection = {
  ...live,
  state: 'waiting',
  isConnected: false,
  attempt: 1,
  awaySinceMs: 10_000,
  retryAtMs: 18_500,
}

test('says nothing while all is well', () => {
  expect(bannerAt(live, 0, patience)).toEqual({ kind: 'silent', retryInS: undefined, nextAtMs: undefined })
})

test.each(['connecting', 'waiting', 'offline', 'paused'] as const)(
  'says nothing for three seconds of %s',
  (state) => {
    const view = bannerAt({ ...away, state }, 12_999, patience)
    expect(view).toMatchObject({ kind: 'silent', nextAtMs: 13_000 })
    expect(bannerAt({ ...away, state }, 13_000, patience).kind).not.toBe('silent')
  },
)

test('a clock that is set back keeps it neither silent nor speaking', () => {
  const hourMs = 3_600_000
  expect(bannerAt({ ...away, awaySinceMs: hourMs, state: 'offline' }, 0, patience).kind).toBe('offline')
  const returned = { atMs: hourMs, awayMs: 60_000, replayed: 3 }
  expect(bannerAt({ ...live, returned }, 0, patience).kind).toBe('silent')
})

test('counts whole seconds down, and looks again when one is over', () => {
  expect(bannerAt(away, 13_000, patience)).toEqual({ kind: 'lost', retryInS: 6, nextAtMs: 13_500 })
  expect(bannerAt(away, 13_500, patience)).toEqual({ kind: 'lost', retryInS: 5, nextAtMs: 14_500 })
  expect(bannerAt(away, 18_499, patience)).toEqual({ kind: 'lost', retryInS: 1, nextAtMs: 18_500 })
  expect(bannerAt(away, 18_500, patience)).toEqual({ kind: 'lost', retryInS: 0, nextAtMs: undefined })
})

test('tells the first connection that takes long from one that is lost', () => {
  const connecting = { ...away, state: 'connecting', attempt: 0, retryAtMs: undefined } as const
  expect(bannerAt(connecting, 20_000, patience).kind).toBe('connecting')
  expect(bannerAt({ ...connecting, attempt: 2 }, 20_000, patience).kind).toBe('lost')
  expect(bannerAt({ ...connecting, lastEventAtMs: 1 }, 20_000, patience).kind).toBe('lost')
})

test('says at once that it is refused, and that events are gone', () => {
  expect(bannerAt({ ...away, state: 'refused' }, 10_000, patience).kind).toBe('refused')
  const gap = { reason: 'epoch', from: null, to: 'x', missed: null } as const
  expect(bannerAt({ ...live, gap }, 0, patience).kind).toBe('gap')
  // First things first: as long as it is away, nothing can be loaded.
  expect(bannerAt({ ...away, gap }, 20_000, patience).kind).toBe('lost')
})

test('says for ten seconds that it is back, if it had said that it was away', () => {
  const back = (awayMs: number): Connection => ({ ...live, returned: { atMs: 50_000, awayMs, replayed: 7 } })
  expect(bannerAt(back(3_000), 50_000, patience)).toMatchObject({ kind: 'returned', nextAtMs: 60_000 })
  expect(bannerAt(back(3_000), 60_000, patience).kind).toBe('silent')
  expect(bannerAt(back(2_999), 50_000, patience).kind).toBe('silent')
})

test('says nothing of a stream that nobody has opened', () => {
  expect(bannerAt({ ...away, state: 'idle' }, 1e12, patience).kind).toBe('silent')
})
