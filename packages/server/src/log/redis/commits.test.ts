import { expect, it } from 'vitest'
import { until } from '../../../../../tests/support/until.ts'
import type { Appended } from '../event-log.ts'
import { Commits } from './commits.ts'

/** Commits to a store that takes all at once, and shows them when it is told to. */
function open() {
  const shown: (() => void)[] = []
  let stored = 0
  const commits = new Commits({
    async store([appends]) {
      const results = Array.from({ length: Number(appends) }, () => ['stored', String(++stored)] as const)
      return ['epoch', results]
    },
    stored: () => new Promise((resolve) => shown.push(resolve)),
  })
  const append = () =>
    new Promise<Appended>((resolve, reject) => {
      const event = { topic: 'a', type: 'message', format: 'json', payload: '1' } as const
      commits.add({ events: [event], key: undefined, time: 0, resolve, reject })
    })
  return { commits, shown, append }
}

it('a commit does not wait until the one before it was shown, and its own answer does', async () => {
  const { commits, shown, append } = open()
  const answered: number[] = []
  const first = append().then(({ cursors }) => answered.push(cursors[0]!.seq))
  await until('the first to be stored', () => shown.length === 1)
  const second = append().then(({ cursors }) => answered.push(cursors[0]!.seq))
  await until('the second to be stored', () => shown.length === 2)
  expect(answered).toEqual([])
  shown[1]!()
  await second
  expect(answered).toEqual([2])
  shown[0]!()
  await first
  expect(answered).toEqual([2, 1])
  await commits.done
})

it('whoever waits for the end waits until all are answered', async () => {
  const { commits, shown, append } = open()
  const answer = append()
  await until('it to be stored', () => shown.length === 1)
  let isDone = false
  const done = commits.done.then(() => {
    isDone = true
  })
  // Its commit is over long before.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  expect(isDone).toBe(false)
  shown[0]!()
  await answer
  await done
})
