import type { NewEvent } from '@tidings/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireProgram } from '../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../tests/support/redis-server.ts'
import { until } from '../../../../tests/support/until.ts'
import { readRedisAddress } from '../config/store-address.ts'
import type { EventLog } from '../log/event-log.ts'
import { createRedisLog } from '../log/redis/redis-log.ts'
import { Hub } from './hub.ts'

const program = requireProgram('redis-server')
const event: NewEvent = { topic: 'a', type: 'message', format: 'json', payload: '1' }

describe.skipIf(program === undefined)('hubs of several nodes on one log', () => {
  let redis: RedisServer
  const logs: EventLog[] = []

  beforeEach(async () => {
    redis = await RedisServer.start()
  })

  afterEach(async () => {
    await Promise.all(logs.splice(0).map((log) => log.close()))
    await redis[Symbol.asyncDispose]()
  })

  async function openNode(lateMs = 0): Promise<{ log: EventLog; hub: Hub }> {
    const log = await createRedisLog({ address: readRedisAddress(redis.url)! })
    logs.push(log)
    const hub = await Hub.open(lateMs === 0 ? log : late(log, lateMs), {
      tailBytes: 1e6,
      pageEvents: 100,
      pageBytes: 1e6,
    })
    return { log, hub }
  }

  it('vouch for a place that another has shown already, and are there when they do', async () => {
    const [fast, slow] = [await openNode(), await openNode(20)]
    for (let round = 0; round < 10; round++) {
      const [cursor] = (await fast.log.append([event])).cursors
      expect(await slow.hub.stand(cursor!)).toBe('valid')
      expect(slow.hub.head.seq).toBeGreaterThanOrEqual(cursor!.seq)
    }
  })

  it('vouch for a place of an epoch that another was told of first', async () => {
    const [fast, slow] = [await openNode(), await openNode(20)]
    for (let round = 0; round < 5; round++) {
      await fast.log.rotate()
      const [cursor] = (await fast.log.append([event])).cursors
      expect(await slow.hub.stand(cursor!)).toBe('valid')
      expect(slow.hub.head.epoch).toBe(cursor!.epoch)
    }
  })

  it('know of an epoch that has ended before they say so, lest it be told twice', async () => {
    const fast = await openNode()
    for (let round = 0; round < 5; round++) {
      const [cursor] = (await fast.log.append([event, event])).cursors
      // What came before it was opened is not in its memory.
      const slow = await openNode(20)
      await fast.log.rotate()
      expect(await slow.hub.stand(cursor!)).toBe('epoch')
      expect(slow.hub.head.epoch).toBe(fast.hub.head.epoch)
    }
  })

  it('do not vouch for a place that nobody has shown', async () => {
    const { log, hub } = await openNode()
    const [cursor] = (await log.append([event])).cursors
    expect(await hub.stand({ ...cursor!, seq: cursor!.seq + 1 })).toBe('diverged')
    expect(await hub.stand({ ...cursor!, epoch: 'another000' })).toBe('epoch')
  })

  it('go on where the log stands, when what they have shown is not in it any more', async () => {
    const { log, hub } = await openNode()
    const [cursor] = (await log.append([event, event])).cursors
    await redis.command('FLUSHALL')
    await until('the hub was told', () => hub.head.epoch !== cursor!.epoch)
    expect(hub.head.seq).toBe(0)
    expect(await hub.stand(cursor!)).toBe('epoch')
    const [next] = (await log.append([event])).cursors
    expect(hub.head).toEqual(next)
  })
})

/** The same log, whose events are on their way for longer. */
function late(log: EventLog, ms: number): EventLog {
  return new Proxy(log, {
    get(target, name) {
      if (name === 'tail') {
        return (onBatch: Parameters<EventLog['tail']>[0]) =>
          target.tail((batch) => void setTimeout(() => onBatch(batch), ms))
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
