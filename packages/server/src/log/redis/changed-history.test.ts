import type { NewEvent } from '@tidings/protocol'
import { TopicSet } from '@tidings/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RedisRoad } from '../../../../../tests/cluster/redis-road.ts'
import { requireProgram } from '../../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../../tests/support/redis-server.ts'
import { until } from '../../../../../tests/support/until.ts'
import { readRedisAddress } from '../../config/store-address.ts'
import type { Batch, EventLog, StoreNotice } from '../event-log.ts'
import { keptProbes } from './log-keys.ts'
import { createRedisLog } from './redis-log.ts'

const program = requireProgram('redis-server')
const everything = { topics: new TopicSet(['**']) }

describe.skipIf(program === undefined)('a log on Redis', () => {
  let redis: RedisServer
  const opened: EventLog[] = []
  const notices: string[] = []

  beforeEach(async () => {
    redis = await RedisServer.start()
  })

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((log) => log.close()))
    await redis[Symbol.asyncDispose]()
    notices.length = 0
  })

  async function open(url = redis.url): Promise<EventLog> {
    const onNotice = ({ message }: StoreNotice) => void notices.push(message)
    const log = await createRedisLog({
      address: readRedisAddress(url)!,
      durability: 'memory',
      onNotice,
    })
    opened.push(log)
    return log
  }

  async function follow(log: EventLog): Promise<Batch[]> {
    const batches: Batch[] = []
    await log.tail((batch) => batches.push(batch))
    return batches
  }

  it('that is flushed begins another history, and every tail is told once, whoever noticed first', async () => {
    const [one, other] = [await open(), await open()]
    const [seen, seenByOther] = [await follow(one), await follow(other)]
    const [cursor] = (await one.append(events(20))).cursors
    await until('both have seen it', async () => seen.length > 0 && seenByOther.length > 0)
    await redis.command('FLUSHALL')
    // Nobody publishes: it is found by looking.
    await until('both were told', async () => seen.length > 1 && seenByOther.length > 1)
    const { epoch } = (await one.bounds()).head
    expect(epoch).not.toBe(cursor!.epoch)
    expect([seen[1], seenByOther[1]]).toEqual(
      Array(2).fill({ epoch, events: [], from: expect.objectContaining({ seq: 0 }) }),
    )
    expect(await one.stand(cursor!)).toBe('epoch')
    await other.append(events(3))
    await until('both have seen what is new', async () => seen.length > 2 && seenByOther.length > 2)
    expect(
      [seen, seenByOther].map((batches) =>
        batches.slice(2).flatMap((batch) => batch.events.map(({ seq }) => seq)),
      ),
    ).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
  })

  it('that was flushed, and gone on with by one who knows nothing of before, is another one for all who do', async () => {
    const old = await open()
    const seen = await follow(old)
    await old.append(events(3))
    await redis.command('FLUSHALL')
    const fresh = await open()
    await fresh.append(events(10))
    await until('the old one was told', async () => seen.some(({ from }) => from !== undefined))
    expect(seen.filter(({ from }) => from !== undefined)).toHaveLength(1)
    const { head } = await old.bounds()
    await until(
      'it stands where the log stands',
      async () => (await old.append(events(1))).cursors[0]!.epoch === head.epoch,
    )
    await until('it has seen that', async () => seen.at(-1)!.events.at(-1)?.seq === 11)
  })

  it('that was flushed and has grown beyond where a tail stood is not taken for its continuation', async () => {
    await using road = await RedisRoad.to(redis.port)
    const old = await open(`redis://127.0.0.1:${road.port}`)
    const seen = await follow(old)
    const { epoch } = (await old.append(events(2))).cursors[0]!
    await until('it is seen', () => seen.length > 0)
    road.hold()
    await redis.command('XADD', 'tidings:{main}:probes', '*', 'probe', '')
    await redis.command('FLUSHALL')
    const fresh = await open()
    for (let count = 0; count < 10; count++) await fresh.append(events(1))
    // As many as several nodes write while one stands still.
    for (let count = 0; count < 20; count++) {
      await redis.command('XADD', 'tidings:{main}:probes', 'MAXLEN', keptProbes, '*', 'probe', '')
    }
    road.open()
    await until('the old one was told', () => seen.some(({ from }) => from !== undefined))
    const stale = seen.filter((batch) => batch.epoch === epoch).flatMap((batch) => batch.events)
    expect(stale.map(({ seq }) => seq)).toEqual([1, 2])
  })

  it('that is rolled back begins a new epoch with the next append of anyone who had seen more', async () => {
    const log = await open()
    const seen = await follow(log)
    await log.append(events(5))
    const restore = await snapshot(redis)
    const { cursors } = await log.append(events(5))
    await restore()
    const [next] = (await log.append(events(1))).cursors
    expect(next!.seq).toBe(6)
    expect(next!.epoch).not.toBe(cursors[0]!.epoch)
    expect(await log.stand(cursors[0]!)).toBe('epoch')
    await until('the tail was told', async () => seen.some(({ from }) => from !== undefined))
    expect(seen.filter(({ events }) => events.length === 0)).toHaveLength(1)
  })

  it('that is rolled back is noticed without an append, too', async () => {
    const log = await open()
    const seen = await follow(log)
    await log.append(events(5))
    const restore = await snapshot(redis)
    await log.append(events(5))
    await restore()
    await until('the tail was told', async () => seen.at(-1)?.from !== undefined)
    expect(seen.at(-1)!.from).toMatchObject({ seq: 5 })
  })

  it('that is rolled back is noticed also by one that got an answer late, of an epoch that was over', async () => {
    await using road = await RedisRoad.to(redis.port)
    const [log, other] = [await open(`redis://127.0.0.1:${road.port}`), await open()]
    const seen = await follow(log)
    // Redis knows the script from now on: it is sent, and answered, once.
    await log.append(events(1))
    await until('its tail to be known as one', () => road.tails === 1)
    road.holdAnswers()
    const late = log.append(events(1))
    await until('it is shown before it is answered', () => seen.length === 2)
    const epoch = await other.rotate()
    const restore = await snapshot(redis)
    await other.append(events(5))
    await until('what is newer is seen', () => seen.at(-1)!.events.length === 5)
    road.open()
    expect((await late).cursors[0]!.epoch).toBe(seen[0]!.epoch)
    // It asked for nothing: this node stands where the log does.
    expect(notices.filter((notice) => notice.includes('elsewhere'))).toEqual([])
    await restore()
    const [next] = (await log.append(events(1))).cursors
    expect([seen[0]!.epoch, epoch]).not.toContain(next!.epoch)
  })

  it('is not written to any more when its Redis follows another one, and goes on when it does not', async () => {
    await using other = await RedisServer.start()
    await other.replicaOf(redis)
    const log = await open()
    // What is stored from now on the other one never gets.
    await other.promote()
    const [before] = (await log.append(events(1))).cursors
    await redis.replicaOf(other)
    // Nobody publishes: it is found by looking.
    await until('it is noticed', () => log.health.state === 'unavailable')
    expect(log.health).toMatchObject({ reason: expect.stringContaining('replica') })
    await expect(log.append(events(1))).rejects.toMatchObject({ code: 'storage_unavailable' })
    await redis.promote()
    await until('it is back', () => log.health.state === 'up')
    expect((await log.append(events(1))).cursors[0]!.epoch).not.toBe(before!.epoch)
  })

  it('that follows the replica which took its place, and takes it back, begins a new epoch, whoever is left to know', async () => {
    await using other = await RedisServer.start()
    const log = await open()
    await log.append(events(2))
    await other.replicaOf(redis)
    await other.promote()
    const [lost] = (await log.append(events(1))).cursors
    await log.close()
    await redis.replicaOf(other)
    await redis.promote()
    const [next] = (await (await open()).append(events(1))).cursors
    expect(next!.seq).toBe(lost!.seq)
    expect(next!.epoch).not.toBe(lost!.epoch)
  })

  it('whose events were deleted does not pretend to have them', async () => {
    const log = await open()
    const { cursors } = await log.append(events(5))
    await redis.command('DEL', 'tidings:{main}:events')
    const again = await open()
    expect(await again.stand(cursors[2]!)).toBe('epoch')
    const { floor, head } = await again.bounds()
    expect([floor.seq, head.seq]).toEqual([5, 5])
    expect((await again.append(events(1))).cursors[0]!.seq).toBe(6)
  })

  it.each(['append', 'rotate'] as const)(
    'whose events were deleted a moment before does not hide it: %s',
    async (what) => {
      const log = await open()
      const seen = await follow(log)
      const { cursors } = await log.append(events(5))
      // A tail that is beyond the first mark would not get it a second time.
      await log.rotate()
      const before = await log.rotate()
      await until('its tail is there', async () => seen.at(-1)?.epoch === before)
      await redis.command('DEL', 'tidings:{main}:events')
      const epoch = what === 'rotate' ? await log.rotate() : (await log.append(events(1))).cursors[0]!.epoch
      expect(epoch).not.toBe(before)
      expect(await log.stand(cursors[2]!)).toBe('epoch')
      const { floor, head } = await log.bounds()
      expect([floor.seq, head.seq]).toEqual([5, what === 'rotate' ? 5 : 6])
      await until('the tail was told', async () => seen.some((batch) => batch.epoch === epoch))
      const later = seen.filter((batch) => batch.events.some(({ seq }) => seq > 5))
      for (const batch of later) expect(batch.epoch).toBe(epoch)
    },
  )

  it('says no to appends when Redis has no memory, goes on being read, and takes them when it has', async () => {
    const log = await open()
    await log.append(events(2))
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    await expect(log.append(events(1))).rejects.toMatchObject({ code: 'storage_full' })
    const page = await log.read({ selection: everything, after: 0, limit: 10 })
    expect(page.events).toHaveLength(2)
    expect(log.health.state).toBe('up')
    await redis.command('CONFIG', 'SET', 'maxmemory', '0')
    expect((await log.append(events(1))).cursors[0]!.seq).toBe(3)
  })

  it.each([
    ['always', 'maxmemory', '1', 'storage_full'],
    ['everysec', 'maxmemory', '1', 'storage_full'],
    ['always', 'min-replicas-to-write', '1', 'storage_unavailable'],
  ])(
    'is read on a Redis that is started again and takes no events now: appendfsync %s, %s %s',
    async (appendfsync, directive, value, code) => {
      const log = await open()
      await log.append(events(5))
      await redis.config('appendfsync', appendfsync)
      await redis.config(directive, value)
      await redis.stop()
      await until('it is away', () => log.health.state === 'unavailable')
      await redis.start()
      await until('it is back', () => log.health.state === 'up')
      await expect(log.append(events(1))).rejects.toMatchObject({ code })
      const another = await open()
      for (const each of [log, another]) {
        const page = await each.read({ selection: everything, after: 0, limit: 10 })
        expect(page.events).toHaveLength(5)
      }
      // What is full has to be made emptier.
      if (code === 'storage_full') expect(await log.trim({ ageMs: 1e9, events: 2, bytes: 1e9 })).toBe(3)
      await redis.config(directive, '0')
      expect((await log.append(events(1))).cursors[0]!.seq).toBe(6)
    },
  )

  it('says no to appends while too few replicas follow, and takes them when that is enough', async () => {
    const log = await open()
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1')
    await expect(log.append(events(1))).rejects.toMatchObject({ code: 'storage_unavailable' })
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0')
    expect((await log.append(events(1))).cursors[0]!.seq).toBe(1)
  })

  it('names what Redis is set to, and notices when that changes', async () => {
    const log = await open()
    expect(log.durability).toBe('fsync')
    expect(log.health.warnings).toEqual([])
    await redis.command('CONFIG', 'SET', 'appendfsync', 'everysec')
    await until('the change is seen', async () => log.durability === 'os-buffer')
    expect(log.health.warnings).toEqual([expect.stringContaining('CONFIG SET appendfsync always')])
    expect(notices.at(-1)).toContain('appendfsync is everysec')
  })

  it('leaves it open what became of an append when Redis dies before it answers', async () => {
    const log = await open()
    redis.signal('SIGSTOP')
    const append = log.append(events(1))
    const outcome = expect(append).rejects.toMatchObject({ code: 'storage_unanswered' })
    await redis.kill('SIGKILL')
    await outcome
    await until('the log knows', async () => log.health.state === 'unavailable')
    await expect(log.append(events(1))).rejects.toMatchObject({ code: 'storage_unavailable' })
    await redis.start()
    await until('it is back', async () => log.health.state === 'up')
    await log.append(events(1))
  })

  it('waits for a Redis that is not there yet', async () => {
    await redis.kill('SIGKILL')
    const opening = open()
    await until('it has said so', async () => notices.some((notice) => notice.includes('cannot be reached')))
    await redis.start()
    expect((await (await opening).append(events(1))).cursors[0]!.seq).toBe(1)
  })

  it('is not opened on a Redis that may lose what it acknowledges, unless that is wanted', async () => {
    await redis.command('CONFIG', 'SET', 'appendfsync', 'everysec')
    const address = readRedisAddress(redis.url)!
    await expect(createRedisLog({ address })).rejects.toThrow('CONFIG SET appendfsync always')
    await (await createRedisLog({ address, durability: 'os-buffer' })).close()
    await redis.command('CONFIG', 'SET', 'maxmemory', '1gb')
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    await expect(createRedisLog({ address, durability: 'os-buffer' })).rejects.toThrow('noeviction')
    await (await createRedisLog({ address, durability: 'memory' })).close()
  })

  it('is not opened without the password', async () => {
    await redis.command('CONFIG', 'SET', 'requirepass', 'a secret')
    for (const url of [redis.url, redis.url.replace('//', '//:wrong@')]) {
      await expect(createRedisLog({ address: readRedisAddress(url)! })).rejects.toThrow('lets nobody in')
    }
    const url = redis.url.replace('//', '//:a%20secret@')
    await (await createRedisLog({ address: readRedisAddress(url)! })).close()
  })
})

function events(count: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    topic: `t/${index % 3}`,
    type: 'message',
    format: 'json',
    payload: String(index),
  }))
}

/** Remembers all keys; the answer puts them back in one step, as an older copy of the files would. */
async function snapshot(redis: RedisServer): Promise<() => Promise<unknown>> {
  await redis.command('FUNCTION', 'LOAD', 'REPLACE', library)
  const keys = ((await redis.command('KEYS', '*')) as string[]).filter((key) => !key.startsWith('copy:'))
  for (const key of keys) await redis.command('COPY', key, `copy:${key}`)
  return () => redis.command('FCALL', 'put_back', '0')
}

const library = `#!lua name=snapshot
redis.register_function('put_back', function()
  for _, key in ipairs(redis.call('KEYS', '*')) do
    if string.sub(key, 1, 5) ~= 'copy:' then redis.call('DEL', key) end
  end
  for _, key in ipairs(redis.call('KEYS', 'copy:*')) do redis.call('RENAME', key, string.sub(key, 6)) end
end)`
