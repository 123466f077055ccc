import { checkEvent, TopicSet } from '@tidings/protocol'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import type { EventLog } from '../log/event-log.ts'
import { createMemoryLog } from '../log/memory/memory-log.ts'
import type { Frame } from './frame.ts'
import { Hub, type HubOptions } from './hub.ts'
import type { Listener, Wanted } from './interest.ts'

const options: HubOptions = { tailBytes: 1_000_000, pageEvents: 7, pageBytes: 400 }
const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function openHub(changes: Partial<HubOptions> = {}): Promise<{ log: EventLog; hub: Hub }> {
  const log = createMemoryLog()
  const hub = await Hub.open(log, { ...options, ...changes })
  closing.push(async () => {
    hub.close()
    await log.close()
  })
  return { log, hub }
}

/** A listener that is live from the beginning; what is too much for one frame it reads by itself. */
class Recorder implements Listener {
  readonly frames: Frame[] = []
  readonly behind: number[] = []

  deliver(frame: Frame): boolean {
    this.frames.push(frame)
    return true
  }

  fallBehind(place: { seq: number }): void {
    this.behind.push(place.seq)
  }

  changeEpoch(): void {}

  get text(): string {
    return this.frames.map(({ bare }) => bare.toString()).join('')
  }
}

function wanted(topics: string[], types?: string[], denied: ReadonlySet<string> = new Set()): Wanted {
  const base = {
    topics: new TopicSet(topics),
    scope: [...denied].sort().join(' '),
    mayRead: (topic: string) => !denied.has(topic),
  }
  return types === undefined ? base : { ...base, types: new Set(types) }
}

/** Everything that a reader who was away all the time gets. */
async function replay(hub: Hub, wants: Wanted): Promise<string> {
  const interest = hub.join(new Recorder(), wants)
  let place = { epoch: hub.head.epoch, seq: 0, tag: '00000' }
  let text = ''
  while (place.seq < hub.head.seq) {
    const portion = await hub.next(interest, place)
    text += portion.frame?.bare.toString() ?? ''
    expect(portion.reached.seq).toBeGreaterThan(place.seq)
    place = { ...portion.reached }
  }
  return text
}

const topic = fc.constantFrom('a', 'b', 'a/b', 'a/c', 'a/b/c', 'user/x')
const event = fc.record({
  topic,
  type: fc.constantFrom('message', 'update'),
  text: fc.constantFrom('1', '2\n3', ''),
})
const patterns = fc.uniqueArray(fc.constantFrom('a', 'b', 'a/b', 'a/*', 'a/**', '**', '*', 'user/*'), {
  minLength: 1,
  maxLength: 4,
})
const types = fc.option(fc.constant<string[]>(['update']), { nil: undefined })

test.each([
  ['from memory', 1_000_000],
  ['from the log', 0],
])(
  'what live delivery shows and what replay %s shows are the same, whatever is wanted and allowed',
  async (_, tailBytes) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(event, { minLength: 1, maxLength: 5 }), { maxLength: 8 }),
        patterns,
        types,
        fc.uniqueArray(topic, { maxLength: 3 }),
        async (batches, topics, kinds, denied) => {
          const { log, hub } = await openHub({ tailBytes, pageBytes: 100_000 })
          const wants = wanted(topics, kinds, new Set(denied))
          const live = new Recorder()
          hub.join(live, wants).live.add(live)
          for (const batch of batches) await log.append(batch.map((one) => checkEvent(one)))
          const replayed = await replay(hub, wants)
          expect(replayed).toBe(live.text)
          for (const name of denied) {
            if (batches.flat().every((one) => one.topic !== name)) continue
            const page = await log.read({ selection: { topics: new TopicSet([name]) }, after: 0, limit: 100 })
            for (const { tag } of page.events) expect(live.text).not.toContain(tag)
          }
        },
      ),
      { numRuns: 60 },
    )
  },
)

test('streams that want the same events of a batch get one and the same frame', async () => {
  const { log, hub } = await openHub()
  const listeners = [['a'], ['a'], ['a', 'zzz'], ['*'], ['b']].map((topics) => {
    const listener = new Recorder()
    hub.join(listener, wanted(topics)).live.add(listener)
    return listener
  })
  await log.append(['a', 'b', 'a'].map((name) => checkEvent({ topic: name, text: name })))
  const [first, second, third, all, other] = listeners.map(({ frames }) => frames)
  expect(first).toHaveLength(1)
  expect(first![0]!.events).toBe(2)
  expect(second![0]).toBe(first![0])
  expect(third![0]).toBe(first![0])
  expect(all![0]!.events).toBe(3)
  expect(other![0]!.events).toBe(1)
  expect(listeners[4]!.text).toContain('data: b\n')
})

test('a batch that is too large for one write is left for the stream to read in portions', async () => {
  const { log, hub } = await openHub()
  const listener = new Recorder()
  const interest = hub.join(listener, wanted(['a']))
  interest.live.add(listener)
  const events = Array.from({ length: 50 }, (_, n) => checkEvent({ topic: 'a', text: `event ${n}` }))
  await log.append(events)
  expect(listener.frames).toEqual([])
  expect(listener.behind).toEqual([0])
  expect(interest.live.size).toBe(0)
  const text = await replay(hub, wanted(['a']))
  expect(text.match(/data: event \d+/g)).toEqual(events.map(({ payload }) => `data: ${payload}`))
})

test('the audience counts each open stream once, live or not, and only those who may read', async () => {
  const { hub } = await openHub()
  for (const topics of [['a', 'a/*'], ['a'], ['b']]) hub.join(new Recorder(), wanted(topics))
  hub.join(new Recorder(), wanted(['a'], undefined, new Set(['a'])))
  expect(hub.audience(['a', 'a/b'])).toBe(2)
  expect(hub.audience(['a', 'b', 'b'])).toBe(3)
  expect(hub.audience(['nobody'])).toBe(0)
})

test('a watcher hears when a topic finds its first listener and loses its last', async () => {
  const { hub } = await openHub()
  const heard: boolean[] = []
  hub.watch('$metrics', (isWanted) => heard.push(isWanted))
  const [one, two, other] = [new Recorder(), new Recorder(), new Recorder()]
  const everything = hub.join(other, wanted(['**']))
  expect(heard).toEqual([])
  const first = hub.join(one, wanted(['$metrics']))
  const second = hub.join(two, wanted(['$metrics', 'a']))
  hub.leave(one, first)
  expect(heard).toEqual([true])
  hub.leave(two, second)
  hub.leave(other, everything)
  expect(heard).toEqual([true, false])
})
