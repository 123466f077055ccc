import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Failure } from './failure.ts'
import { Topics } from './topics.ts'

type Change = { readonly add: string[]; readonly remove: string[] }

/** A server with one open stream: what was asked of it, and what it refuses. */
class Server {
  readonly changes: Change[] = []
  readonly has: Set<string>
  readonly #refused: readonly string[]
  readonly #room: number

  constructor(topics: Topics, refused: readonly string[] = [], room = Number.POSITIVE_INFINITY) {
    this.#room = room
    this.has = new Set(topics.ask())
    this.#refused = refused
    topics.opened((change) => this.change(change))
  }

  async change(change: Change): Promise<boolean> {
    this.changes.push(change)
    await Promise.resolve()
    const bad = change.add.find((topic) => this.#refused.includes(topic))
    if (bad !== undefined) throw new Failure('topics', `No ${bad}.`, { isFinal: true })
    const next = new Set([...this.has].filter((topic) => !change.remove.includes(topic)).concat(change.add))
    if (next.size > this.#room) throw new Failure('topics', 'Too many.', { isFinal: true })
    this.has.clear()
    for (const topic of next) this.has.add(topic)
    return true
  }
}

function topicsOf(wanted: string[], beside?: string): Topics {
  return new Topics(wanted, beside, () => {})
}

/** What became of some topics. */
function answersTo(topics: Topics, ...names: string[]): unknown[] {
  return names.map((name) => topics.answers.get(name))
}

/** Waits until everything that is under way has been done: nothing here takes more than microtasks. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('what a connection is asked for', () => {
  test('is all that is wanted', () => {
    expect(topicsOf(['a', 'b'], 'broadcast').ask()).toEqual(['a', 'b'])
    expect(topicsOf([], 'broadcast').ask()).toEqual([])
  })

  test('names what came by itself, as soon as anything is asked for beside it', () => {
    const topics = topicsOf([], 'broadcast')
    topics.add(['a'])
    expect(topics.ask()).toEqual(['broadcast', 'a'])
    topics.remove(['a'])
    expect(topics.ask()).toEqual([])
  })

  test('names only what is wanted, if something was from the start', () => {
    const topics = topicsOf(['a'], 'broadcast')
    topics.remove(['a'])
    topics.add(['b'])
    expect(topics.ask()).toEqual(['b'])
  })
})

describe('a change of topics', () => {
  test('is one request for all of one turn, and is answered when the stream has them', async () => {
    const topics = topicsOf(['a', 'b'])
    const server = new Server(topics)
    await settled()
    topics.add(['c'])
    topics.add(['d', 'e'])
    topics.remove(['a'])
    expect(answersTo(topics, 'c', 'd', 'e')).toEqual([undefined, undefined, undefined])
    await settled()
    expect(answersTo(topics, 'a', 'c', 'd', 'e')).toEqual([undefined, true, true, true])
    expect(server.changes).toEqual([{ add: ['c', 'd', 'e'], remove: ['a'] }])
    expect([...server.has]).toEqual(['b', 'c', 'd', 'e'])
  })

  test('that comes to nothing within a turn is no request', async () => {
    const topics = topicsOf(['a'])
    const server = new Server(topics)
    await settled()
    topics.add(['b'])
    topics.remove(['b'])
    await settled()
    expect(server.changes).toEqual([])
  })

  test('that comes while another is under way follows it', async () => {
    const topics = topicsOf([])
    const server = new Server(topics)
    await settled()
    topics.add(['a'])
    await Promise.resolve()
    topics.add(['b'])
    await settled()
    expect(server.changes.map(({ add }) => add)).toEqual([['a'], ['b']])
  })

  test('waits for a connection, and is part of its request', async () => {
    const topics = topicsOf(['a'])
    topics.add(['b'])
    await settled()
    expect(answersTo(topics, 'b')).toEqual([undefined])
    const server = new Server(topics)
    await settled()
    expect(answersTo(topics, 'b')).toEqual([true])
    expect([...server.has]).toEqual(['a', 'b'])
    expect(server.changes).toEqual([])
  })

  test('that the connection did not live to see is part of the next one', async () => {
    const topics = topicsOf(['a'])
    topics.ask()
    let asked = 0
    topics.opened(() => {
      asked++
      topics.ask()
      return Promise.resolve(false)
    })
    topics.add(['b'])
    await settled()
    expect([asked, ...answersTo(topics, 'b')]).toEqual([1, undefined])
    const next = new Server(topics)
    await settled()
    expect(answersTo(topics, 'b')).toEqual([true])
    expect(next.has).toEqual(new Set(['a', 'b']))
  })
})

describe('a topic that is refused', () => {
  test('keeps no other away', async () => {
    const topics = topicsOf(['a'])
    const server = new Server(topics, ['bad', 'worse'])
    await settled()
    for (const some of [['b'], ['bad'], ['c', 'worse'], ['d']]) topics.add(some)
    await settled()
    expect(answersTo(topics, 'b', 'bad', 'c', 'worse', 'd')).toEqual([
      true,
      expect.objectContaining({ message: 'No bad.' }),
      true,
      expect.objectContaining({ message: 'No worse.' }),
      true,
    ])
    expect([...topics.wanted]).toEqual(['a', 'b', 'c', 'd'])
    expect(server.has).toEqual(topics.wanted)
  })

  test('costs the others neither their room nor a request each', async () => {
    const names = (letter: string) => Array.from({ length: 60 }, (_, index) => `${letter}${index}`)
    const topics = topicsOf(names('a'))
    const server = new Server(topics, ['b30'], 100)
    await settled()
    topics.remove(names('a'))
    topics.add(names('b'))
    await settled()
    const others = names('b').filter((topic) => topic !== 'b30')
    expect(answersTo(topics, ...others)).toEqual(others.map(() => true))
    expect(answersTo(topics, 'b30')).toMatchObject([{ message: 'No b30.' }])
    expect([...server.has]).toEqual(others)
    expect(server.changes.length).toBeLessThan(20)
  })

  test('is not asked for again', async () => {
    const topics = topicsOf([])
    new Server(topics, ['bad'])
    topics.add(['bad'])
    await settled()
    expect(topics.ask()).toEqual([])
  })

  test('does not keep what is wanted no more', async () => {
    const topics = topicsOf(['a'])
    const server = new Server(topics, ['bad'])
    await settled()
    topics.remove(['a'])
    topics.add(['bad'])
    await settled()
    expect(answersTo(topics, 'bad')).toMatchObject([{ message: 'No bad.' }])
    expect([...server.has]).toEqual([])
  })
})

const anyStep = fc.record({
  act: fc.constantFrom('add', 'remove', 'reconnect', 'turn'),
  topics: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'bad'), { minLength: 1, maxLength: 3 }),
})

test('whatever is added and removed, over whatever connections: in the end the server has what is wanted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 30 }), async (steps) => {
      const topics = topicsOf([])
      let server = new Server(topics, ['bad'])
      for (const { act, topics: some } of steps) {
        if (act === 'add') topics.add(some)
        else if (act === 'remove') topics.remove(some)
        else if (act === 'turn') await settled()
        // A new connection asks for whole lists, and one that holds a refused topic would be refused as a whole.
        else if (!topics.wanted.has('bad')) server = new Server(topics, ['bad'])
      }
      await settled()
      expect(server.has).toEqual(topics.wanted)
      expect(topics.wanted.has('bad')).toBe(false)
      for (const topic of topics.wanted) expect(topics.answers.get(topic)).toBe(true)
    }),
    { numRuns: 200 },
  )
})
