import { expect, test } from 'vitest'
import { hottest } from './profile.ts'

test('the hottest functions are those with most time of their own, idleness aside', () => {
  const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 9 })
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('write', 'file:///a/b/c/socket.ts') },
      { id: 3, callFrame: frame('') },
    ],
    samples: [1, 2, 2, 3],
    timeDeltas: [50_000, 2_000, 4_000, 2_000],
  }
  const { busyMs, functions } = hottest(profile, 1)
  expect(busyMs).toBe(8)
  expect(functions).toEqual([{ place: 'write c/socket.ts:10', ms: 6, share: 0.75 }])
})
