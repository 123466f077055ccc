import type { NewEvent } from '@tidings/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { requireProgram } from '../../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../../tests/support/redis-server.ts'
import { until } from '../../../../../tests/support/until.ts'
import { readRedisAddress } from '../../config/store-address.ts'
import type { EventLog, Retention } from '../event-log.ts'
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

const tenEvents: readonly NewEvent[] = Array.from({ length: 10 }, (_, index) => ({
  topic: 't',
  type: 'message',
  format: 'json',
  payload: String(index),
}))
