import { describe, expect, it } from 'vitest'
import { requireProgram } from './programs.ts'
import { RedisServer } from './redis-server.ts'
import { tempFolder } from './temp-folder.ts'

describe.skipIf(requireProgram('redis-server') === undefined)('a Redis of a test', () => {
  it('keeps everything over kill -9, on the same port', async () => {
    await using redis = await RedisServer.start()
    const { port, pid } = redis
    await redis.command('SET', 'word', 'grüße\r\n')
    await redis.kill('SIGKILL')
    expect(redis.isRunning).toBe(false)
    await redis.start()
    expect(redis.port).toBe(port)
    expect(redis.pid).not.toBe(pid)
    expect(await redis.command('GET', 'word')).toBe('grüße\r\n')
  })

  it('gives lists, numbers and nothing as they are, and refusals as errors', async () => {
    await using redis = await RedisServer.start()
    await redis.command('XADD', 'stream', '1-0', 'field', 'value')
    expect(await redis.command('XRANGE', 'stream', '-', '+')).toEqual([['1-0', ['field', 'value']]])
    expect(await redis.command('XLEN', 'stream')).toBe(1)
    expect(await redis.command('GET', 'nothing')).toBeNull()
    await expect(redis.command('XADD', 'stream', '1-0', 'field', 'value')).rejects.toThrow(/^ERR /)
  })

  it('goes back to older files', async () => {
    await using backup = await tempFolder()
    await using redis = await RedisServer.start()
    await redis.command('SET', 'word', 'older')
    await redis.stop()
    await redis.copyTo(backup.path)
    await redis.start()
    await redis.command('SET', 'word', 'newer')
    await expect(redis.restoreFrom(backup.path)).rejects.toThrow('Redis runs')
    await redis.kill('SIGKILL')
    await redis.restoreFrom(backup.path)
    await redis.start()
    expect(await redis.command('GET', 'word')).toBe('older')
  })

  it('keeps a changed directive over a restart', async () => {
    await using redis = await RedisServer.start()
    await redis.config('maxmemory-policy', 'allkeys-lru')
    await redis.stop()
    await redis.start()
    expect(await redis.command('CONFIG', 'GET', 'maxmemory-policy')).toEqual([
      'maxmemory-policy',
      'allkeys-lru',
    ])
  })

  it('follows another until it is promoted', async () => {
    await using master = await RedisServer.start()
    await using replica = await RedisServer.start()
    await master.command('SET', 'word', 'copied')
    await replica.replicaOf(master)
    expect(await replica.command('GET', 'word')).toBe('copied')
    await expect(replica.command('SET', 'word', 'other')).rejects.toThrow(/^READONLY /)
    await replica.promote()
    expect(await replica.command('SET', 'word', 'other')).toBe('OK')
  })
})
