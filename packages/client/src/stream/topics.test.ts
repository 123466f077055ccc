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

  constructor(topics: Topics, refused: readonly string[] = []) {
    this.has = new Set(topics.ask())
    this.#refused = refused
    topics.opened((change) => this.change(change))
  }

  async change(change: Change): Promise<boolean> {
    this.changes.push(change)
    await Promise.resolve()
    const bad = change.add.find((topic) => this.#refused.includes(topic))
    if (bad !== undefined) throw new Failure('topics', `No ${bad}.`, { isFinal: true })
    for (const topic of change.add) this.has.add(topic)
    for (const topic of change.remove) this.has.delete(topic)
    return true
  }
}

/** Waits until everything that is under way has been done: nothing here takes more than microtasks. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('what a connection is asked for', () => {
  test('is all that is wanted', () => {
    expect(new Topics(['a', 'b'], 'broadcast').ask()).toEqual(['a', 'b'])
    expect(new Topics([], 'broadcast').ask()).toEqual([])
  })

  test('names what came by itself, as soon as anything is asked for beside it', () => {
    const topics = new Topics([], 'broadcast')
    void topics.add(['a'])
    expect(topics.ask()).toEqual(['broadcast', 'a'])
    topics.remove(['a'])
    expect(topics.ask()).toEqual([])
  })

  test('names only what is wanted, if something was from the start', () => {
    const topics = new Topics(['a'], 'broadcast')
    topics.remove(['a'])
    void topics.add(['b'])
    expect(topics.ask()).toEqual(['b'])
  })
})

describe('a change of topics', () => {
  test('is one request for all of one turn, and resolves when the stream has them', async () => {
    const topics = new Topics(['a', 'b'], undefined)
    const server = new Server(topics)
    await settled()
    const added = [topics.add(['c']), topics.add(['d', 'e'])]
    topics.remove(['a'])
    await Promise.all(added)
    expect(server.changes).toEqual([{ add: ['c', 'd', 'e'], remove: ['a'] }])
    expect([...server.has]).toEqual(['b', 'c', 'd', 'e'])
  })

  test('that comes to nothing within a turn is no request', async () => {
    const topics = new Topics(['a'], undefined)
    const server = new Server(topics)
    await settled()
    const added = topics.add(['b'])
    topics.remove(['b'])
    await added
    expect(server.changes).toEqual([])
  })

  test('that comes while another is under way follows it', async () => {
    const topics = new Topics([], undefined)
    const server = new Server(topics)
    await settled()
    const first = topics.add(['a'])
    await Promise.resolve()
    const second = topics.add(['b'])
    await Promise.all([first, second])
    expect(server.changes.map(({ add }) => add)).toEqual([['a'], ['b']])
  })

  test('waits for a connection, and is part of its request', async () => {
    const topics = new Topics(['a'], undefined)
    let isDone = false
    const added = topics.add(['b']).then(() => {
      isDone = true
    })
    await settled()
    expect(isDone).toBe(false)
    const server = new Server(topics)
    await added
    expect([...server.has]).toEqual(['a', 'b'])
    expect(server.changes).toEqual([])
  })

  test('that the connection did not live to see is part of the next one', async () => {
    const topics = new Topics(['a'], undefined)
    topics.ask()
    let asked = 0
    topics.opened(() => {
      asked++
      topics.ask()
      return Promise.resolve(false)
    })
    let isDone = false
    const added = topics.add(['b']).then(() => {
      isDone = true
    })
    await settled()
    expect([asked, isDone]).toEqual([1, false])
    const next = new Server(topics)
    await added
    expect(next.has).toEqual(new Set(['a', 'b']))
  })
})

describe('a topic that is refused', () => {
  test('keeps no other away', async () => {
    const topics = new Topics(['a'], undefined)
    const server = new Server(topics, ['bad', 'worse'])
    await settled()
    const results = await Promise.allSettled([
      topics.add(['b']),
      topics.add(['bad']),
      topics.add(['c', 'worse']),
      topics.add(['d']),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { message: 'No bad.' } })
    expect([...topics.wanted]).toEqual(['a', 'b', 'c', 'd'])
    expect(server.has).toEqual(topics.wanted)
  })

  test('is not asked for again', async () => {
    const topics = new Topics([], undefined)
    new Server(topics, ['bad'])
    await expect(topics.add(['bad'])).rejects.toThrow('No bad.')
    expect(topics.ask()).toEqual([])
  })

  test('does not keep what is wanted no more', async () => {
    const topics = new Topics(['a'], undefined)
    const server = new Server(topics, ['bad'])
    await settled()
    topics.remove(['a'])
    await expect(topics.add(['bad'])).rejects.toThrow('No bad.')
    await settled()
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
      const topics = new Topics([], undefined)
      const additions: Promise<unknown>[] = []
      let server = new Server(topics, ['bad'])
      for (const { act, topics: some } of steps) {
        if (act === 'add') additions.push(topics.add(some).catch(() => {}))
        else if (act === 'remove') topics.remove(some)
        else if (act === 'turn') await settled()
        // A new connection asks for whole lists, and one that holds a refused topic would be refused as a whole.
        else if (!topics.wanted.has('bad')) server = new Server(topics, ['bad'])
      }
      await Promise.all(additions)
      await settled()
      expect(server.has).toEqual(topics.wanted)
      expect(topics.wanted.has('bad')).toBe(false)
    }),
    { numRuns: 200 },
  )
})
