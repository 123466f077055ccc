import type { RedisServer } from '../../../tests/support/redis-server.ts'
import { format, markdown } from '../report/table.ts'
import type { Part } from './effort.ts'
import { startRedis } from './nodes.ts'
import { makeEvents, openOwnLog } from './own-log.ts'

interface Content {
  readonly name: string
  readonly payloadBytes: number
  /** How many topics the events are spread over; as many as there are events, if absent. */
  readonly topics?: number
  /** Whether each event was published on its own, under an idempotency key. */
  readonly hasKeys?: boolean
}

const contents: readonly Content[] = [
  { name: '100 bytes, 10 topics', payloadBytes: 100, topics: 10 },
  { name: '100 bytes, 1,000 topics', payloadBytes: 100, topics: 1_000 },
  { name: '100 bytes, a topic for each', payloadBytes: 100 },
  { name: '100 bytes, 10 topics, an idempotency key for each', payloadBytes: 100, topics: 10, hasKeys: true },
  { name: '1 KiB, 10 topics', payloadBytes: 1_024, topics: 10 },
  { name: '1 KiB, a topic for each', payloadBytes: 1_024 },
]

const eventsPerAppend = 1_000

export const memoryPart: Part = {
  name: 'memory',
  title: 'What an event takes in Redis',
  method:
    'MEMORY USAGE of all keys, with all their elements, by event; `used_memory` is what the whole Redis grew by, and the ' +
    'file is what stands on the disk before it is rewritten.',
  async run(effort) {
    const rows: string[][] = []
    for (const content of contents) {
      effort.say(content.name)
      rows.push([
        content.name,
        ...(await weigh(content, effort.storedEvents)).map((bytes) => format(bytes, 0)),
      ])
    }
    const titles = [
      `payload, topics; ${effort.storedEvents.toLocaleString('en')} events`,
      'events, bytes each',
      'index of topics',
      'idempotency keys',
      'all keys',
      'used_memory',
      'append-only file',
    ]
    return markdown(titles, rows)
  },
}

async function weigh({ payloadBytes, topics, hasKeys = false }: Content, count: number): Promise<number[]> {
  await using redis = await startRedis({ appendfsync: 'no' })
  const log = await openOwnLog(redis)
  const before = await sizes(redis)
  const all = makeEvents(count, payloadBytes, (index) => `user/${index % (topics ?? count)}/orders`)
  if (hasKeys) {
    await Promise.all(
      all.map((event, index) => log.append([event], { idempotencyKey: `0199c0de-0000-7000-8000-${index}` })),
    )
  } else {
    for (let from = 0; from < count; from += eventsPerAppend) {
      await log.append(all.slice(from, from + eventsPerAppend))
    }
  }
  const weights = await weighKeys(redis)
  const after = await sizes(redis)
  await log.close()
  const [events = 0, index = 0, keys = 0, others = 0] = weights
  const grown = after.map((size, one) => size - before[one]!)
  return [events, index, keys, events + index + keys + others, ...grown].map((bytes) => bytes / count)
}

async function sizes(redis: RedisServer): Promise<readonly number[]> {
  return [Number(await redis.info('used_memory')), Number(await redis.info('aof_current_size'))]
}

/** Bytes of the stream of events, of the index, of idempotency keys, and of everything else. */
async function weighKeys(redis: RedisServer): Promise<readonly number[]> {
  // In one step of Redis: there may be as many keys as events.
  const script = `
    local sums = { 0, 0, 0, 0 }
    for _, key in ipairs(redis.call('KEYS', '*')) do
      local kind = 4
      if string.find(key, '}:events$') then kind = 1
      elseif string.find(key, '}:topic') then kind = 2
      elseif string.find(key, '}:key:') then kind = 3 end
      sums[kind] = sums[kind] + redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0)
    end
    return sums`
  return (await redis.command('EVAL', script, 0)) as number[]
}
