import type { RedisAddress } from '../../config/store-address.ts'
import { RedisLink } from '../../redis/redis-link.ts'
import { type RedisFacts, readFacts } from './redis-facts.ts'

/**
 * What a Redis is set to, without opening a log there.
 * @throws Error if it is not reached at the first try.
 */
export async function lookAtRedis(address: RedisAddress): Promise<RedisFacts> {
  const found = Promise.withResolvers<RedisFacts>()
  const link = new RedisLink(address, {
    welcome: async (connection) => found.resolve(await readFacts(connection)),
    onDown: found.reject,
  })
  link.start()
  try {
    return await found.promise
  } finally {
    await link.close()
  }
}
