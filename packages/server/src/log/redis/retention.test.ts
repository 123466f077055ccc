import type { NewEvent } from '@tidings/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RedisRoad } from '../../../../../tests/cluster/redis-road.ts'
import { requireProgram } from '../../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../../tests/support/redis-server.ts'
import { until } from '../../../../../tests/support/until.ts'
import { readRedisAddress } from '../../config/store-address.ts'
import type { Batch, EventLog, Retention } from '../event-log.ts'
import { RetentionTimer } from '../retention-timer.ts'
import { createRedisLog } from './redis-log.ts'

const dayMs = 24 * 60 * 60 * 1_000

describe.skipIf(requireProgram('redis-server') === undefined)(
  'retention by age, on a node whose clock',
  () => {
    let redis: RedisServer
    let log: EventLog
    let timer: RetentionTimer | undefined

    beforeEach(async () => {
      redis = await RedisServer.start()
      log = await createRedisLog({ address: readRedisAddress(redis.url)! })
      await log.append(tenEvents)
    })

    afterEach(async () => {
      vi.restoreAllMocks()
      await timer?.close()
      timer = undefined
      await log.close()
      await redis[Symbol.asyncDispose]()
    })

    /** Lets the timer do its work by a clock that is so much ahead; waits until something went, and says up to where. */
    async function floorAfter(aheadMs: number, retention: Retention): Promise<number> {
      const right = Date.now
      vi.spyOn(Date, 'now').mockImplementation(() => right() + aheadMs)
      timer = new RetentionTimer(log, retention)
      return until('something to go', async () => (await log.bounds()).floor.seq || undefined)
    }

    it('is a day ahead, takes away nothing that is young by the clock of Redis', async () => {
      expect(await floorAfter(dayMs, { ageMs: dayMs / 2, events: 4, bytes: 1e9 })).toBe(6)
    })

    it('is a day behind, takes away what is old by the clock of Redis', async () => {
      expect(await floorAfter(-dayMs, { ageMs: 1, events: 1e9, bytes: 1e9 })).toBe(10)
    })
  },
)

describe.skipIf(requireProgram('redis-server') === undefined)('retention that overtakes a tail', () => {
  it('leaves it the word of a new epoch, so that nothing is shown under an old one', async () => {
    await using redis = await RedisServer.start()
    await using road = await RedisRoad.to(redis.port)
    const late = await createRedisLog({ address: readRedisAddress(`redis://127.0.0.1:${road.port}`)! })
    const log = await createRedisLog({ address: readRedisAddress(redis.url)! })
    const seen: Batch[] = []
    await late.tail((batch) => seen.push(batch))
    await until('its tail to be known as one', () => road.tails === 1)
    road.hold()
    await log.append(tenEvents)
    const epoch = await log.rotate()
    expect(await log.trim({ ageMs: 1e9, events: 0, bytes: 1e9 })).toBe(10)
    await log.append(tenEvents)
    road.open()
    const later = () => seen.filter(({ events }) => events.some(({ seq }) => seq > 10))
    await until('it to have come to the end', () => later().length > 0)
    for (const batch of later()) expect(batch.epoch).toBe(epoch)
    await Promise.all([late.close(), log.close()])
  })
})

const tenEvents: readonly NewEvent[] = Array.from({ length: 10 }, (_, index) => ({
  topic: 't',
  type: 'message',
  format: 'json',
  payload: String(index),
}))
