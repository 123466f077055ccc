import type { NewEvent } from '@tidings/protocol'
import { TopicSet } from '@tidings/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireProgram } from '../../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../../tests/support/redis-server.ts'
import { until } from '../../../../../tests/support/until.ts'
import { readRedisAddress } from '../../config/store-address.ts'
import type { EventLog } from '../event-log.ts'
import { createRedisLog } from './redis-log.ts'

const program = requireProgram('redis-server')
const key = 'tidings:{main}:topic:a'

describe.skipIf(program === undefined)('the index of a topic', () => {
  let redis: RedisServer
  let log: EventLog

  beforeEach(async () => {
    redis = await RedisServer.start()
    log = await createRedisLog({ address: readRedisAddress(redis.url)! })
  })

  afterEach(async () => {
    await log.close()
    await redis[Symbol.asyncDispose]()
  })

  /** The numbers of a topic from a place on, or before it, page by page. */
  async function pages(sign: 1 | -1, start: number): Promise<number[]> {
    const selection = { topics: new TopicSet(['a']) }
    const found: number[] = []
    for (let at = start; ; ) {
      const page =
        sign === 1
          ? await log.read({ selection, after: at, limit: 50 })
          : await log.readBack({ selection, before: at, limit: 50 })
      found.push(...page.events.map(({ seq }) => seq))
      if (page.isEnd) return found
      at = page.reached.seq
    }
  }

  it('is a small text while it is short, and has the same in it when it has become a stream', async () => {
    const expected: number[] = []
    for (let round = 0; round < 100; round++) {
      const { cursors } = await log.append(events(['a', 'b', 'a']))
      expected.push(cursors[0]!.seq, cursors[2]!.seq)
      if (round === 60) expect(await redis.command('TYPE', key)).toBe('string')
      if (![0, 1, 25, 60, 63, 64, 99].includes(round)) continue
      expect(await pages(1, 0)).toEqual(expected)
      expect(await pages(-1, expected.at(-1)! + 5)).toEqual(expected.toReversed())
      const middle = expected[expected.length >> 1]!
      expect(await pages(1, middle)).toEqual(expected.filter((seq) => seq > middle))
      expect(await pages(-1, middle)).toEqual(expected.filter((seq) => seq < middle).toReversed())
    }
    expect(await redis.command('TYPE', key)).toBe('stream')
  })

  it.each([1, 127, 128, 129, 500])('holds an append of %i events at once', async (count) => {
    await log.append(events(['a']))
    await log.append(events(Array(count).fill('a')))
    await log.append(events(['a']))
    expect(await pages(1, 0)).toEqual(Array.from({ length: count + 2 }, (_, index) => index + 1))
  })

  it.each([20, 400])('of %i events loses what retention takes, and is gone with the last', async (count) => {
    await log.append(events(Array(count).fill('a')))
    await log.append(events(['b']))
    const kept = count / 2
    await log.trim({ ageMs: 1e9, events: kept + 1, bytes: 1e9 }, Date.now())
    expect(await pages(1, 0)).toEqual(Array.from({ length: kept }, (_, index) => count - kept + index + 1))
    await log.trim({ ageMs: 1e9, events: 1, bytes: 1e9 }, Date.now())
    expect(await pages(1, 0)).toEqual([])
    expect(await redis.command('EXISTS', key)).toBe(0)
    expect(await redis.command('ZRANGE', 'tidings:{main}:topics', 0, -1)).toEqual(['b'])
  })

  it('of a user with one event takes some hundred bytes, not the four KiB of a stream', async () => {
    await log.append(events(['a']))
    expect(Number(await redis.command('MEMORY', 'USAGE', key))).toBeLessThan(150)
  })

  it('that may have been evicted is not asked: what it would have told is looked for in the log', async () => {
    await log.append(events(['a', 'b', 'a']))
    await redis.command('CONFIG', 'SET', 'maxmemory', '1gb')
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    await until('it to be known', () => log.health.warnings.some((text) => text.includes('allkeys-lru')))
    await redis.command('DEL', key, 'tidings:{main}:topics')
    expect(await pages(1, 0)).toEqual([1, 3])
    expect(await pages(-1, 4)).toEqual([3, 1])
    const { events: found } = await log.read({
      selection: { topics: new TopicSet(['*']) },
      after: 0,
      limit: 9,
    })
    expect(found.map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  it('that was left behind by a log that is gone is not believed', async () => {
    await log.append(events(Array(10).fill('a')))
    await redis.command('DEL', 'tidings:{main}:log', 'tidings:{main}:events', 'tidings:{main}:topics')
    await log.close()
    log = await createRedisLog({ address: readRedisAddress(redis.url)! })
    await log.append(events(['a', 'b', 'a']))
    expect(await pages(1, 0)).toEqual([1, 3])
  })
})

function events(topics: readonly string[]): NewEvent[] {
  return topics.map((topic, index) => ({ topic, type: 'message', format: 'json', payload: String(index) }))
}
