import type { NewEvent } from '@tidings/protocol'
import { readRedisAddress } from '../../../packages/server/src/config/store-address.ts'
import type { EventLog } from '../../../packages/server/src/log/event-log.ts'
import { createRedisLog } from '../../../packages/server/src/log/redis/redis-log.ts'
import type { RedisServer } from '../../../tests/support/redis-server.ts'

/** Opens the log of a Redis in this very process, as a node does: writing, and following with a tail. */
export async function openOwnLog(redis: RedisServer): Promise<EventLog> {
  const log = await createRedisLog({ address: readRedisAddress(redis.url)!, durability: 'memory' })
  await log.tail(() => {})
  return log
}

/** Events with a payload of so many bytes, which begins with the mark by which crowds count. */
export function makeEvents(count: number, bytes: number, topicOf: (index: number) => string): NewEvent[] {
  const payload = JSON.stringify(`~${'x'.repeat(bytes - 3)}`)
  return Array.from({ length: count }, (_, index) => ({
    topic: topicOf(index),
    type: 'message',
    format: 'json',
    payload,
  }))
}
