import { expect, test } from 'vitest'
import { functionTimes } from './profile.ts'

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 9 })

test('a function has its own time, and with its callees’ once, idleness aside', () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 3] },
      { id: 2, callFrame: frame('(idle)') },
      { id: 3, callFrame: frame('walk', 'file:///a/b/c/tree.ts'), children: [4] },
      { id: 4, callFrame: frame('walk', 'file:///a/b/c/tree.ts'), children: [5] },
      { id: 5, callFrame: frame('') },
    ],
    samples: [2, 3, 4, 5],
    timeDeltas: [50_000, 2_000, 4_000, 1_000],
  }
  expect(functionTimes(profile).slice(0, 2)).toEqual([
    { place: 'walk c/tree.ts:10', ownMs: 6, totalMs: 7 },
    { place: '(anonymous)', ownMs: 1, totalMs: 1 },
  ])
})
