import type { TidingsStream } from '@tidings/client'
import { expect, test } from 'vitest'
import { WantedTopics } from './wanted-topics.ts'

function prepare(add: () => Promise<void> = async () => {}) {
  const calls: string[] = []
  const stream = {
    add: (...topics: string[]) => {
      calls.push(`add ${topics}`)
      return add()
    },
    remove: (...topics: string[]) => calls.push(`remove ${topics}`),
  } as unknown as TidingsStream
  return { calls, wanted: new WantedTopics(stream) }
}

test('the first who wants a topic adds it, the last removes it', async () => {
  const { calls, wanted } = prepare()
  const one = wanted.want(['a', 'b'])
  const other = wanted.want(['b', 'c'])
  expect(calls).toEqual(['add a,b', 'add c'])
  one()
  one()
  await Promise.resolve()
  expect(calls.slice(2)).toEqual(['remove a'])
  other()
  await Promise.resolve()
  expect(calls.slice(3)).toEqual(['remove b,c'])
})

test('a topic that one names twice is added once, and removed', async () => {
  const { calls, wanted } = prepare()
  wanted.want(['a', 'a'])()
  await Promise.resolve()
  expect(calls).toEqual(['add a', 'remove a'])
})

test('one who comes as another leaves changes nothing', async () => {
  const { calls, wanted } = prepare()
  wanted.want(['a'])()
  wanted.want(['a'])
  await Promise.resolve()
  expect(calls).toEqual(['add a'])
})

test('says when the stream has them, and also when it never will', async () => {
  for (const add of [async () => {}, () => Promise.reject(new Error('forbidden'))]) {
    const { wanted } = prepare(add)
    await new Promise<void>((resolve) => wanted.want(['a'], resolve))
    await new Promise<void>((resolve) => wanted.want(['a'], resolve))
  }
})

test('says nothing to whoever has left', async () => {
  const { wanted } = prepare()
  let isTold = false
  wanted.want(['a'], () => {
    isTold = true
  })()
  await new Promise((resolve) => setImmediate(resolve))
  expect(isTold).toBe(false)
})
