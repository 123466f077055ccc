import { describe, expect, it } from 'vitest'
import { readRedisAddress } from './store-address.ts'

describe('the address of a Redis', () => {
  it('says which Redis, and which of its logs', () => {
    expect(readRedisAddress('redis://10.0.0.7:6380/2?name=team-a')).toEqual({
      url: 'redis://10.0.0.7:6380/2',
      prefix: 'tidings:{team-a}:',
      shown: 'redis://10.0.0.7:6380/2',
    })
  })

  it('may leave out everything but the host', () => {
    expect(readRedisAddress('redis://localhost')).toMatchObject({ prefix: 'tidings:{main}:' })
  })

  it('is shown without user and password, which the client gets', () => {
    const address = readRedisAddress('rediss://tidings:s%40cret@redis.example')!
    expect(address.url).toBe('rediss://tidings:s%40cret@redis.example')
    expect(address.shown).toBe('rediss://redis.example')
  })

  it.each([
    ['another scheme', 'http://localhost'],
    ['no host', 'redis://'],
    ['a path that is no number', 'redis://localhost/main'],
    ['a name that could be another key', 'redis://localhost?name=a}:b'],
    ['a parameter that nobody knows', 'redis://localhost?names=a'],
    ['a file', 'sqlite:tidings.db'],
    ['a password that is half of a percent-encoding', 'redis://:100%@localhost'],
    ['a password whose # ends the address', 'redis://tidings:6379#1@localhost'],
  ])('is none with %s', (_, store) => expect(readRedisAddress(store)).toBeUndefined())
})
