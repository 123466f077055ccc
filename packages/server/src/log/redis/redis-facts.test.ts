import { describe, expect, it } from 'vitest'
import { checkFacts, judge } from './redis-facts.ts'

const shown = 'redis://localhost'

function facts(changes: Readonly<Record<string, string>> = {}, appendfsync = 'always', resting = 'no') {
  const info = {
    run_id: 'r1',
    redis_version: '7.2.4',
    role: 'master',
    aof_enabled: '1',
    maxmemory: '0',
    maxmemory_policy: 'noeviction',
    master_replid2: '0'.repeat(40),
    ...changes,
  }
  const config = { appendfsync, 'no-appendfsync-on-rewrite': resting }
  return judge(new Map(Object.entries(info)), new Map(Object.entries(config)))
}

describe('what an acknowledgement of Redis is worth', () => {
  it.each([
    ['fsync', 'an append-only file that is always flushed', facts()],
    ['os-buffer', 'one that is flushed every second', facts({}, 'everysec')],
    ['os-buffer', 'one that is flushed when the system likes', facts({}, 'no')],
    ['os-buffer', 'one that rests while it is rewritten', facts({}, 'always', 'yes')],
    [
      'memory',
      'one that is still being written for the first time',
      facts({ aof_rewrite_in_progress: '1', aof_base_size: '0' }),
    ],
    ['fsync', 'one that is being rewritten', facts({ aof_rewrite_in_progress: '1', aof_base_size: '4096' })],
    ['memory', 'none', facts({ aof_enabled: '0' })],
  ] as const)('is %s with %s', (durability, _, { durability: found }) => expect(found).toBe(durability))

  it('is the worse when Redis does not tell', () => {
    const { durability, warnings } = judge(
      new Map([
        ['aof_enabled', '1'],
        ['maxmemory', '0'],
      ]),
      undefined,
    )
    expect(durability).toBe('os-buffer')
    expect(warnings).toEqual([expect.stringContaining('CONFIG GET')])
  })
})

describe('a restart', () => {
  it('has lost nothing when every acknowledgement was on the disk', () => {
    expect(facts().isProvable).toBe(true)
  })

  it('may have lost something if keys are removed when memory is short, or were', () => {
    expect(facts({ maxmemory: '9', maxmemory_policy: 'allkeys-lru' }).isProvable).toBe(false)
    expect(facts({ evicted_keys: '1' }).isProvable).toBe(false)
    expect(facts({ maxmemory: '9', evicted_keys: '0' }).isProvable).toBe(true)
  })

  it('may have lost something otherwise, and so may a replica that was promoted', () => {
    expect(facts({}, 'everysec').isProvable).toBe(false)
    const promoted = facts({ master_replid2: 'f'.repeat(40) })
    expect(promoted.isProvable).toBe(false)
    // It may have been the master before that, too, in the same process.
    expect(promoted.run).not.toBe(facts().run)
    expect(promoted.run).not.toBe(facts({ master_replid2: 'e'.repeat(40) }).run)
  })
})

describe('a Redis is refused', () => {
  it('that is too old', () => {
    expect(() => checkFacts(facts({ redis_version: '6.2.14' }), 'memory', shown)).toThrow('Redis 7 or later')
  })

  it('that gives less than is asked for, with all that is to be done', () => {
    const poor = facts({ maxmemory: '100', maxmemory_policy: 'allkeys-lru' }, 'everysec')
    expect(() => checkFacts(poor, 'fsync', shown)).toThrow(
      /noeviction: CONFIG SET maxmemory-policy noeviction\n.*CONFIG SET appendfsync always\nAnd put it into redis.conf.*\nOr accept the loss: --durability memory/s,
    )
  })

  it('that removes keys with a time to live: these are what makes retries safe', () => {
    const evicting = facts({ maxmemory: '100', maxmemory_policy: 'volatile-lru' })
    expect(() => checkFacts(evicting, 'fsync', shown)).toThrow('volatile-lru')
    expect(() => checkFacts(evicting, 'memory', shown)).not.toThrow()
  })

  it('but not for good while its append-only file is written for the first time', () => {
    const beginning = facts({ aof_rewrite_scheduled: '1', aof_base_size: '0' })
    expect(() => checkFacts(beginning, 'fsync', shown)).toThrow(expect.objectContaining({ name: 'Error' }))
    expect(() => checkFacts(beginning, 'memory', shown)).not.toThrow()
  })

  it('never for what nobody asked for', () => {
    expect(() => checkFacts(facts({ aof_enabled: '0' }), 'memory', shown)).not.toThrow()
    expect(() => checkFacts(facts({}, 'everysec'), 'os-buffer', shown)).not.toThrow()
  })
})

it('Valkey is known by its own version', () => {
  expect(facts({ valkey_version: '8.1.0' }).version).toBe('8.1.0')
})
