import { expect, it } from 'vitest'
import { FeedTurn } from './feed-turn.ts'
import { Correspondence } from './peers/correspondence.ts'
import type { Letter } from './peers/post.ts'

/** Processes that write to each other within this one. */
function openNetwork(count: number): Correspondence[] {
  const boxes = new Map<string, (letter: Letter) => void>()
  return Array.from(
    { length: count },
    () =>
      new Correspondence((id, take) => {
        boxes.set(id, take)
        return {
          get others() {
            return boxes.size - 1
          },
          async send(to, letter) {
            const boxesTo = [...boxes].filter(([other]) => other !== id && (to === undefined || other === to))
            for (const [, box] of boxesTo) setImmediate(() => box(letter))
            return boxesTo.length
          },
          async close() {
            boxes.delete(id)
          },
        }
      }),
  ).sort((a, b) => (a.id < b.id ? -1 : 1))
}

it('of those where somebody listens, the one with the smallest name publishes', async () => {
  const network = openNetwork(3)
  const wanted = [false, true, true]
  const turns = network.map((peers, index) => new FeedTurn(peers, '$clock', () => wanted[index]!))
  expect(await turns[2]!.isOurs).toBe(false)
  expect(await turns[1]!.isOurs).toBe(true)
  // The first gets a listener: the one that published until now hears of it at once.
  wanted[0] = true
  expect(await turns[0]!.isOurs).toBe(true)
  expect(await turns[1]!.isOurs).toBe(false)
})

it('feeds do not stand in for each other', async () => {
  const [first, second] = openNetwork(2)
  new FeedTurn(first!, '$clock', () => true)
  const other = new FeedTurn(second!, '$ticker', () => true)
  expect(await other.isOurs).toBe(true)
})

it('whoever is alone need not ask, and takes over when the others are gone', async () => {
  const [first, second] = openNetwork(2)
  new FeedTurn(first!, '$clock', () => true)
  const turn = new FeedTurn(second!, '$clock', () => true)
  expect(await turn.isOurs).toBe(false)
  await first!.close()
  expect(turn.isOurs).toBe(true)
})
