import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireProgram } from '../../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../../tests/support/redis-server.ts'
import { until } from '../../../../../tests/support/until.ts'
import { readRedisAddress } from '../../config/store-address.ts'
import type { EventLog } from '../event-log.ts'
import { createRedisLog } from './redis-log.ts'

describe.skipIf(requireProgram('redis-server') === undefined)('while nobody finds out who may', () => {
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

  it('nothing is shown, the connection is kept rather than made anew at each try, and all is shown afterwards', async () => {
    const seen: number[] = []
    await log.tail(({ events }) => seen.push(...events.map(({ seq }) => seq)))
    let checks = 0
    let isKnown = false
    log.handOutAfter?.(async () => {
      checks++
      if (!isKnown) throw new Error('on purpose')
    })
    const connections = async () => Number(await redis.info('total_connections_received'))
    // Each look opens one itself.
    const before = await connections()
    const appending = log.append([{ topic: 'a', type: 'message', format: 'json', payload: '1' }])
    await until('it to be asked again and again', () => checks >= 20)
    expect(seen).toEqual([])
    // From time to time nothing having come for so long is taken for a fault of the connection.
    expect((await connections()) - before).toBeLessThan(10)
    isKnown = true
    await until('it to be shown', () => seen.length > 0)
    expect(seen).toEqual([1])
    await appending
  })
})
