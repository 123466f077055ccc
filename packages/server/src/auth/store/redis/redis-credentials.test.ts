import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { requireProgram } from '../../../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../../../tests/support/redis-server.ts'
import { readRedisAddress } from '../../../config/store-address.ts'
import type { StoreNotice } from '../../../log/event-log.ts'
import { AuthLink } from '../../redis/auth-link.ts'
import { BackedCredentialStore } from '../backed-credential-store.ts'
import { credentialStoreContract } from '../credential-store.cases.ts'
import type { CredentialStore } from '../credential-store.ts'
import { openCredentialStore } from '../open-credential-store.ts'
import { RedisCredentials } from './redis-credentials.ts'

const grants = { publish: ['a/**'], subscribe: [], notify: [], admin: [] }
const patience = { timeout: 30_000, interval: 10 }

describe.skipIf(requireProgram('redis-server') === undefined)('credentials in Redis', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await RedisServer.start()
  })

  afterAll(() => redis[Symbol.asyncDispose]())

  function newPlace(): string {
    return `${redis.url}?name=${randomUUID()}`
  }

  credentialStoreContract(async () => {
    const address = readRedisAddress(newPlace())!
    const copy = await mkdtemp(join(tmpdir(), 'tidings-redis-copy-'))
    return {
      open: async () => new RedisCredentials(await AuthLink.open(address, {})),
      async backUp() {
        await redis.stop()
        await redis.copyTo(copy)
        await redis.start()
        return async () => {
          await redis.kill()
          await redis.restoreFrom(copy)
          await redis.start()
        }
      },
      remove: () => rm(copy, { recursive: true }),
    }
  })

  async function open(store: string, onNotice?: (notice: StoreNotice) => void): Promise<CredentialStore> {
    return openCredentialStore({ data: '/nowhere', store, tokenMaxLifetimeMs: 1_000_000, onNotice })
  }

  it('no key is in Redis, nor anything that it could be made from', async () => {
    const place = newPlace()
    const store = await open(place)
    const { key, secret } = await store.createKey({ name: 'ci', grants })
    await store.close()
    const { prefix } = readRedisAddress(place)!
    const stored = JSON.stringify(await redis.command('HGETALL', `${prefix}auth:keys`))
    expect(stored).toContain(key.id)
    expect(stored).not.toContain(secret.split('_')[2])
  })

  it('logs of two names on one Redis have nothing in common', async () => {
    const [one, other] = [await open(newPlace()), await open(newPlace())]
    const { secret } = await one.createKey({ name: 'ci', grants })
    await one.revokeUser('alice')
    await other.lookAgain()
    expect(other.hasKeys).toBe(false)
    expect(other.findKey(secret)).toBeUndefined()
    expect(other.isRevoked({ user: 'alice' })).toBe(false)
    await Promise.all([one.close(), other.close()])
  })

  it('while Redis is away what is known counts, and writes are refused; then all goes on by itself', async () => {
    const place = newPlace()
    const [one, other] = [await open(place), await open(place)]
    const { key, secret } = await one.createKey({ name: 'ci', grants })
    await one.revokeUser('alice')
    await other.lookAgain()
    await redis.kill()
    const unavailable = { code: 'storage_unavailable', message: expect.stringContaining('cannot be reached') }
    await vi.waitFor(() => expect(one.lookAgain()).rejects.toMatchObject(unavailable), patience)
    await expect(one.createKey({ name: 'late', grants })).rejects.toMatchObject(unavailable)
    await expect(one.revokeKey(key.id)).rejects.toMatchObject(unavailable)
    expect(other.findKey(secret)?.id).toBe(key.id)
    expect(other.isRevoked({ user: 'alice', issuedAt: 1 })).toBe(true)
    await redis.start()
    await vi.waitFor(() => one.revokeKey(key.id), patience)
    await vi.waitFor(() => expect(other.isRevoked({ keyId: key.id })).toBe(true), patience)
    await Promise.all([one.close(), other.close()])
  })

  it('a Redis that stands still leaves it open whether a write was done, and it can be done again', async () => {
    const place = newPlace()
    const [one, other] = [await open(place), await open(place)]
    const { key, secret } = await one.createKey({ name: 'ci', grants })
    await other.lookAgain()
    redis.signal('SIGSTOP')
    const revoking = one.revokeUser('alice')
    expect(other.findKey(secret)?.id).toBe(key.id)
    await expect(revoking).rejects.toMatchObject({ code: 'storage_unanswered' })
    redis.signal('SIGCONT')
    await vi.waitFor(() => one.revokeUser('alice'), patience)
    await vi.waitFor(() => expect(other.isRevoked({ user: 'alice', issuedAt: 1 })).toBe(true), patience)
    await Promise.all([one.close(), other.close()])
  })

  it('a Redis without memory stores nothing new, and takes back what was given all the same', async () => {
    const place = newPlace()
    const [one, other] = [await open(place), await open(place)]
    const { key } = await one.createKey({ name: 'ci', grants })
    await one.revokeToken('before')
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    await expect(one.createKey({ name: 'more', grants })).rejects.toMatchObject({ code: 'storage_full' })
    expect(await one.revokeKey(key.id)).toBe(true)
    await one.revokeUser('alice')
    await other.lookAgain()
    expect(other.isRevoked({ keyId: key.id })).toBe(true)
    expect(other.isRevoked({ user: 'alice', issuedAt: 1 })).toBe(true)
    // What it had lost is written again, too.
    const { prefix } = readRedisAddress(place)!
    await redis.command('DEL', `${prefix}auth:revocations`, `${prefix}auth:version`)
    const later = await open(place)
    await vi.waitFor(() => expect(later.isRevoked({ user: 'alice', issuedAt: 1 })).toBe(true), patience)
    await redis.command('CONFIG', 'SET', 'maxmemory', '0')
    await Promise.all([one.close(), other.close(), later.close()])
  })

  it('an emptied Redis has no keys, and lets nobody in unasked, nor anybody who was shut out', async () => {
    const place = newPlace()
    const notices: string[] = []
    const store = await open(place, ({ message }) => void notices.push(message))
    const { secret } = await store.createKey({ name: 'ci', grants })
    await store.revokeToken('one')
    await redis.flush()
    await vi.waitFor(() => expect(store.findKey(secret)).toBeUndefined(), patience)
    expect(store.keys()).toEqual([])
    expect(store.hasKeys).toBe(true)
    expect(store.isRevoked({ tokenId: 'one' })).toBe(true)
    await vi.waitFor(() => expect(notices).toHaveLength(1), patience)
    expect(notices[0]).toContain('set back to an earlier state; 1 revocations')
    // A node that starts now, too.
    const fresh = await open(place)
    expect(fresh.hasKeys).toBe(true)
    expect(fresh.isRevoked({ tokenId: 'one' })).toBe(true)
    await Promise.all([store.close(), fresh.close()])
  })

  it('a Redis that was set back and written to as often as before has other contents, and that is seen', async () => {
    const place = newPlace()
    const [one, other] = [await open(place), await open(place)]
    await one.createKey({ name: 'first', grants })
    await other.lookAgain()
    const { prefix } = readRedisAddress(place)!
    await redis.command('DEL', `${prefix}auth:keys`, `${prefix}auth:version`)
    const next = await one.createKey({ name: 'second', grants })
    await vi.waitFor(() => expect(other.findKey(next.secret)?.name).toBe('second'), patience)
    expect(other.keys().map(({ name }) => name)).toEqual(['second'])
    await Promise.all([one.close(), other.close()])
  })

  it('thousands of keys and revocations are read in one step that nobody notices', async () => {
    const place = newPlace()
    const { prefix } = readRedisAddress(place)!
    const names = Array.from({ length: 5_000 }, (_, index) => [`user u${index}`, String(Date.now())]).flat()
    await redis.command('HSET', `${prefix}auth:revocations`, ...names)
    const store = await open(place)
    await store.createKey({ name: 'ci', grants })
    expect(store.isRevoked({ user: 'u4999', issuedAt: 1 })).toBe(true)
    await store.close()
  })

  it('whom Redis does not let in is told at once, and what to do', async () => {
    const { port } = new URL(redis.url)
    await redis.command('ACL', 'SETUSER', 'nobody', 'on', '>right')
    const opening = open(`redis://nobody:wrong@127.0.0.1:${port}`)
    await expect(opening).rejects.toThrow(`redis://127.0.0.1:${port} lets nobody in`)
    await expect(open(`redis://nobody:right@127.0.0.1:${port}`)).rejects.toThrow('ACL SETUSER')
  })

  it('a replica is not asked: it knows what was true a while ago, and takes no revocation', async () => {
    await using replica = await RedisServer.start()
    await replica.replicaOf(redis)
    const address = readRedisAddress(replica.url)!
    const opening = AuthLink.open(address, { patienceMs: 300 })
    await expect(opening).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringContaining('it is a replica'),
    })
    await replica.promote()
    const link = await AuthLink.open(address, { patienceMs: 30_000 })
    const store = await BackedCredentialStore.open(new RedisCredentials(link), { tokenMaxLifetimeMs: 1 })
    await store.close()
  })
})
