import { TopicSet } from '@tidings/protocol'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Access } from '../auth/access.ts'
import { createGrantedAccess } from '../auth/granted-access.ts'
import { createTidings, type StreamOptions, type Tidings, type TidingsOptions } from '../tidings.ts'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(options: TidingsOptions = {}): Promise<Tidings> {
  const tidings = await createTidings({ store: 'memory:', drainMs: 50, ...options })
  closing.push(() => tidings.close())
  return tidings
}

const none = new TopicSet([])

interface Rights {
  readonly caller?: string
  readonly expiresAt?: number
  readonly keyId?: string
}

function accessTo(
  subscribe: readonly string[],
  { caller = 'user alice', expiresAt, keyId }: Rights = {},
): Access {
  const grants = { subscribe: new TopicSet(subscribe), publish: none, notify: none, admin: none }
  return createGrantedAccess({ caller, expiresAt, credential: { keyId } }, grants)
}

/** An open stream, and everything that came on it. */
class Follower {
  readonly events: EventSourceMessage[] = []
  isOver = false
  readonly #parser = createParser({ onEvent: (event) => void this.events.push(event) })

  static async of(tidings: Tidings, options: StreamOptions): Promise<Follower> {
    const response = await tidings.respond(new Request('http://localhost/events'), options)
    const follower = new Follower()
    // One that is cut off is not over: whoever waits for its end says so.
    follower.#read(response.body!).catch(() => {})
    await vi.waitFor(() => expect(follower.events[0]?.event).toBe('connected'))
    return follower
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    for await (const bytes of body) this.#parser.feed(decoder.decode(bytes, { stream: true }))
    this.isOver = true
  }

  get clientId(): string {
    return (JSON.parse(this.events[0]!.data) as { clientId: string }).clientId
  }

  /** What was published, as JSON. */
  get data(): unknown[] {
    return this.events
      .filter(({ event }) => event === undefined)
      .map(({ data }) => JSON.parse(data) as unknown)
  }

  types(): (string | undefined)[] {
    return this.events.map(({ event }) => event).filter((type) => type !== undefined)
  }

  of(type: string): unknown[] {
    return this.events.filter(({ event }) => event === type).map(({ data }) => JSON.parse(data) as unknown)
  }
}

describe('the end of a permission', () => {
  test('is told in time, and ends the stream, which may be gone on with under a new one', async () => {
    const tidings = await open()
    const expiresAt = Date.now() + 3_000
    const stream = await Follower.of(tidings, { topics: ['a'], access: accessTo(['a'], { expiresAt }) })
    const first = await tidings.publish({ topic: 'a', data: 1 })
    await vi.waitFor(() => expect(stream.isOver).toBe(true))
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt)
    expect(Date.now()).toBeLessThan(expiresAt + 20_000)
    expect(stream.types()).toEqual(['connected', 'expiring', 'goodbye'])
    expect(stream.of('expiring')).toEqual([
      { expiresAt: new Date(expiresAt).toISOString(), expiresInMs: expect.any(Number) },
    ])
    expect(stream.of('goodbye')).toEqual([expect.objectContaining({ reason: 'expired', reconnect: true })])
    await tidings.publish({ topic: 'a', data: 2 })
    const access = accessTo(['a'])
    const next = await Follower.of(tidings, { topics: ['a'], access, lastEventId: first.ids[0]! })
    await vi.waitFor(() => expect(next.data).toEqual([2]))
    expect(stream.data).toEqual([1])
  })

  test('stops what is live before the next event, even if no timer had its turn', async () => {
    const tidings = await open()
    const expiresAt = Date.now() + 3_000
    const stream = await Follower.of(tidings, { topics: ['a'], access: accessTo(['a'], { expiresAt }) })
    // As long as this runs, the process might as well be stopped.
    while (Date.now() < expiresAt + 150);
    await tidings.publish({ topic: 'a', data: 'too late' })
    await vi.waitFor(() => expect(stream.isOver).toBe(true))
    expect(stream.data).toEqual([])
  })

  test('stops a replay in its midst, and nothing is lost by it', async () => {
    const tidings = await open({ replayPageEvents: 5 })
    const events = Array.from({ length: 500 }, (_, data) => ({ topic: 'a', data }))
    await tidings.publish(events)
    const expiresAt = Date.now() + 3_000
    const access = accessTo(['a'], { expiresAt })
    const { body } = await tidings.respond(new Request('http://localhost/events'), {
      topics: ['a'],
      access,
      last: 500,
    })
    const reader = body!.getReader()
    let text = ''
    const decoder = new TextDecoder()
    for (let isLate = false; ; ) {
      const { done, value } = await reader.read()
      if (done) break
      text += decoder.decode(value)
      // A reader who takes little is still reading when the time is over.
      if (!isLate && text.includes('id: ')) {
        while (Date.now() < expiresAt + 50);
        isLate = true
      }
    }
    const seen = [...text.matchAll(/^id: (.+)\ntopic: a\ntime: \d+\ndata: (\d+)$/gm)].map(
      ([, id, data]) => [id!, Number(data)] as const,
    )
    expect(text).toContain('"reason":"expired"')
    expect(seen.length).toBeLessThan(500)
    const last = seen.at(-1)
    const rest = await Follower.of(tidings, {
      topics: ['a'],
      access: accessTo(['a']),
      ...(last === undefined ? { last: 500 } : { lastEventId: last[0] }),
    })
    await vi.waitFor(() => expect(seen.length + rest.data.length).toBe(500))
    expect([...seen.map(([, data]) => data), ...rest.data]).toEqual(events.map(({ data }) => data))
  })

  test('is not told to a stream that is told nothing about it', async () => {
    const tidings = await open({ expiryNoticeMs: 0 })
    const stream = await Follower.of(tidings, {
      topics: ['a'],
      access: accessTo(['a'], { expiresAt: Date.now() + 3_000 }),
    })
    await vi.waitFor(() => expect(stream.isOver).toBe(true))
    expect(stream.types()).not.toContain('expiring')
  })
})

describe('renewing', () => {
  test('goes on beyond the old end without a gap, under the new rights', async () => {
    const tidings = await open()
    const topics = ['a', 'b/*']
    const old = accessTo(['a', 'b/*'], { expiresAt: Date.now() + 3_000 })
    const stream = await Follower.of(tidings, { topics, access: old })
    await tidings.publish({ topic: 'b/2', data: 1 })
    const newer = accessTo(['a', 'b/1'], { expiresAt: Date.now() + 60_000 })
    expect(tidings.renew(stream.clientId, newer)).toEqual({ expiresAt: newer.expiresAt })
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(old.expiresAt! + 150))
    await tidings.publish([
      { topic: 'b/1', data: 2 },
      { topic: 'b/2', data: 'not any more' },
      { topic: 'a', data: 3 },
    ])
    await vi.waitFor(() => expect(stream.data).toEqual([1, 2, 3]))
    expect(stream.isOver).toBe(false)
  })

  test('is refused for rights that do not reach, and for anybody else; the stream goes on as it was', async () => {
    const tidings = await open()
    const stream = await Follower.of(tidings, { topics: ['a'], access: accessTo(['a']) })
    expect(() => tidings.renew(stream.clientId, accessTo(['b']))).toThrow('You may not read "a"')
    expect(tidings.renew(stream.clientId, accessTo(['a'], { caller: 'user bob' }))).toBeUndefined()
    expect(tidings.renew('nobody', accessTo(['a']))).toBeUndefined()
    await tidings.publish({ topic: 'a', data: 1 })
    await vi.waitFor(() => expect(stream.data).toEqual([1]))
  })
})

describe('revoking', () => {
  test('ends those that are chosen before the next event, and tells them not to come back', async () => {
    const tidings = await open()
    const [gone, kept] = [
      await Follower.of(tidings, { topics: ['a'], access: accessTo(['a'], { keyId: 'one' }) }),
      await Follower.of(tidings, { topics: ['a'], access: accessTo(['a'], { keyId: 'two' }) }),
    ]
    const publishing = tidings.publish({ topic: 'a', data: 1 })
    expect(tidings.revoke(({ credential }) => credential?.keyId === 'one')).toBe(1)
    await publishing
    await vi.waitFor(() => expect(kept.data).toEqual([1]))
    await vi.waitFor(() => expect(gone.isOver).toBe(true))
    expect(gone.data).toEqual([])
    expect(gone.of('goodbye')).toEqual([expect.objectContaining({ reason: 'revoked', reconnect: false })])
  })
})

describe('changing topics', () => {
  test('adds and removes without a gap, in the order of the log', async () => {
    const tidings = await open()
    const access = accessTo(['**'])
    const stream = await Follower.of(tidings, { topics: ['a', 'b'], access })
    await tidings.publish([
      { topic: 'a', data: 1 },
      { topic: 'c', data: 'not yet' },
    ])
    const amended = await tidings.amend(stream.clientId, { add: ['c'], remove: ['b', 'never/there'] }, access)
    expect(amended).toEqual({ topics: ['a', 'c'], cursor: (await tidings.stats()).head })
    await tidings.publish([
      { topic: 'b', data: 'no more' },
      { topic: 'c', data: 2 },
      { topic: 'a', data: 3 },
    ])
    await vi.waitFor(() => expect(stream.data).toEqual([1, 2, 3]))
  })

  test('catches up with the added ones first, without ids, and goes on where it stood', async () => {
    const tidings = await open({ replayPageEvents: 2 })
    const access = accessTo(['a', 'c/*'])
    const before = await tidings.publish({ topic: 'c/1', data: 'before' })
    const past = [1, 2, 3, 4, 5].map((data) => ({ topic: 'c/1', data }))
    await tidings.publish([
      ...past,
      { topic: 'c/2', data: 6 },
      { topic: 'a', data: 'had' },
      { topic: 'd', data: 'foreign' },
    ])
    const stream = await Follower.of(tidings, { topics: ['a'], access, lastEventId: before.ids[0]! })
    await vi.waitFor(() => expect(stream.data).toEqual(['had']))
    const place = stream.events.at(-1)!.id
    await tidings.amend(stream.clientId, { add: ['c/*', 'a'], after: before.ids[0]! }, access)
    await vi.waitFor(() => expect(stream.of('live')).toHaveLength(2))
    await tidings.publish({ topic: 'c/1', data: 7 })
    await vi.waitFor(() => expect(stream.data).toEqual(['had', 1, 2, 3, 4, 5, 6, 7]))
    const replayed = stream.events.filter(({ event, data }) => event === undefined && Number(data) <= 6)
    // A client's last id is what the last id said: that of where the stream stands.
    expect(new Set(replayed.map(({ id }) => id))).toEqual(new Set([undefined]))
    expect(stream.of('live').at(-1)).toEqual({ cursor: place, replayed: 6 })
  })

  test('begins with the last few of the added ones, if that is asked for', async () => {
    const tidings = await open()
    const access = accessTo(['a', 'c'])
    await tidings.publish([1, 2, 3, 4].map((data) => ({ topic: 'c', data })))
    const stream = await Follower.of(tidings, { topics: ['a'], access })
    await tidings.amend(stream.clientId, { add: ['c'], last: 2 }, access)
    await vi.waitFor(() => expect(stream.data).toEqual([3, 4]))
  })

  test('says what is missing of the past of the added ones, and moves nobody back', async () => {
    const tidings = await open({ retentionEvents: 2 })
    const access = accessTo(['a', 'c'])
    const { ids } = await tidings.publish([1, 2, 3, 4, 5].map((data) => ({ topic: 'c', data })))
    await tidings.log.trim({ ageMs: 1e12, bytes: 1e12, events: 2 }, Date.now())
    const stream = await Follower.of(tidings, { topics: ['a'], access })
    await tidings.amend(stream.clientId, { add: ['c'], after: ids[0]! }, access)
    await vi.waitFor(() => expect(stream.data).toEqual([4, 5]))
    expect(stream.of('gap')).toEqual([expect.objectContaining({ reason: 'trimmed', missed: 2 })])
    await tidings.amend(stream.clientId, { add: ['c'], after: 'aaaaaaaaaa.1.aaaaa' }, access)
    await vi.waitFor(() => expect(stream.of('gap')).toHaveLength(2))
    expect(stream.of('gap')[1]).toMatchObject({ reason: 'epoch', missed: null })
  })

  test.each([
    ['a topic without the right to it', { add: ['secret'] }, 'You may not read "secret"'],
    ['the last topic', { remove: ['a'] }, 'at least one topic'],
    ['too many', { add: Array.from({ length: 101 }, (_, index) => `c/${index}`) }, 'at most 100 topics'],
    ['no topic', { add: ['a b'] }, 'white space'],
    ['no list', { add: 'c' as never }, 'a list of topics'],
    ['no id', { add: ['c'], after: 'nonsense' }, 'takes the id of an event'],
    ['two beginnings', { add: ['c'], after: 'x', last: 1 }, 'not both'],
    ['too many past ones', { add: ['c'], last: 1_001 }, 'from 0 to 1000'],
  ])('is refused for %s, and the stream goes on as it was', async (_, change, why) => {
    const tidings = await open()
    const access = accessTo(['a', 'c', 'c/*'])
    const stream = await Follower.of(tidings, { topics: ['a'], access })
    await expect(tidings.amend(stream.clientId, change, access)).rejects.toThrow(why)
    await tidings.publish([
      { topic: 'secret', data: 0 },
      { topic: 'c', data: 0 },
      { topic: 'a', data: 1 },
    ])
    await vi.waitFor(() => expect(stream.data).toEqual([1]))
  })

  test('is for whoever opened the stream', async () => {
    const tidings = await open()
    const stream = await Follower.of(tidings, { topics: ['a'], access: accessTo(['a', 'b']) })
    const other = accessTo(['**'], { caller: 'user bob' })
    expect(await tidings.amend(stream.clientId, { add: ['b'] }, other)).toBeUndefined()
  })
})

const name = fc.constantFrom('a', 'b', '1')
const topic = fc.array(name, { minLength: 1, maxLength: 2 }).map((segments) => segments.join('/'))
const pattern = fc.oneof(topic, fc.constantFrom('**', 'a/*', '*/1', 'b/**', '*'))
const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 })

test('live, replay, page and added topics let through the same, whatever is granted and wanted', async () => {
  await fc.assert(
    fc.asyncProperty(
      patterns,
      patterns,
      fc.array(topic, { minLength: 1, maxLength: 8 }),
      async (granted, wanted, published) => {
        const tidings = await createTidings({ store: 'memory:', drainMs: 0 })
        try {
          const access = accessTo(granted)
          const set = new TopicSet(wanted)
          const expected = published.flatMap((one, data) =>
            set.has(one) && access.mayRead(one) ? [data] : [],
          )
          const start = (await tidings.stats()).head
          const follow = (options: StreamOptions) => Follower.of(tidings, options).catch(() => undefined)
          const isAllowed = [...set.exact, ...set.patterns].every(
            (one) => new TopicSet(granted).meeting(one).length > 0,
          )
          if (!isAllowed) {
            await expect(
              tidings.respond(new Request('http://localhost/'), { topics: wanted, access }),
            ).rejects.toThrow('not read')
            return
          }
          const live = await follow({ topics: wanted, access })
          await tidings.publish(published.map((one, data) => ({ topic: one, data })))
          const replay = await follow({ topics: wanted, access, lastEventId: start })
          const more = accessTo([...granted, 'aside'])
          const amended = await follow({ topics: ['aside'], access: more })
          await tidings.amend(amended!.clientId, { add: wanted, after: start }, more)
          const page = await tidings.history({ topics: wanted, access })
          expect(page.events.map(({ data }) => data)).toEqual(expected)
          await vi.waitFor(() => {
            expect(live!.data).toEqual(expected)
            expect(replay!.data).toEqual(expected)
            expect(amended!.data).toEqual(expected)
          })
        } finally {
          await tidings.close({ drainMs: 0 })
        }
      },
    ),
    { numRuns: 60 },
  )
})
