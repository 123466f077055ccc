import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BackedCredentialStore } from './backed-credential-store.ts'
import type { CredentialBacking } from './contents.ts'
import type { CredentialStore } from './credential-store.ts'

/** Where one test keeps credentials. */
export interface BackingPlace {
  /** What one more process has of it. */
  open(): Promise<CredentialBacking>
  /** Takes a copy of everything; the function puts it back, while stores are open. */
  backUp(): Promise<() => Promise<void>>
  remove(): Promise<void>
}

const lifetime = 1_000_000
const grants = { publish: ['a/**'], subscribe: [], notify: [], admin: [] }

/** How long another process may take to notice, in milliseconds; after Redis was away it has to connect first. */
const soon = { timeout: 30_000, interval: 10 }
const afterReturn = { timeout: 30_000, interval: 10 }

/** What every place for credentials has to do. */
export function credentialStoreContract(prepare: () => Promise<BackingPlace>): void {
  let place: BackingPlace
  let now: number
  const opened: CredentialStore[] = []

  beforeEach(async () => {
    place = await prepare()
    now = 10_000_000
  })

  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close()
    await place.remove()
  })

  async function open(): Promise<CredentialStore> {
    const options = { tokenMaxLifetimeMs: lifetime, now: () => now }
    const store = await BackedCredentialStore.open(await place.open(), options)
    opened.push(store)
    return store
  }

  describe('a key', () => {
    it('is found by the string that shows it, and by nothing else', async () => {
      const store = await open()
      const { key, secret } = await store.createKey({ name: 'ci', grants })
      expect(secret).toMatch(/^tdk_[0-9a-z]{12}_[0-9a-z]{40}$/)
      expect(store.findKey(secret)).toEqual(expect.objectContaining({ id: key.id, name: 'ci', grants }))
      const other = await store.createKey({ name: 'other', grants })
      const mixed = `tdk_${key.id}_${other.secret.split('_')[2]}`
      const wrong = [
        mixed,
        secret.slice(0, -1),
        `${secret}0`,
        secret.toUpperCase(),
        '',
        'tdk_',
        `tdk_${key.id}_`,
      ]
      for (const text of wrong) expect(store.findKey(text)).toBeUndefined()
      expect(JSON.stringify(store.keys())).not.toContain('digest')
    })

    it('counts until it expires or is revoked, and leaves its name to another then', async () => {
      const store = await open()
      const { secret } = await store.createKey({ name: 'ci', grants, expiresAt: now + 100 })
      await expect(store.createKey({ name: 'ci', grants })).rejects.toThrow('there is a key named "ci"')
      now += 100
      expect(store.findKey(secret)).toBeUndefined()
      // Nobody is let in unasked because the last key has gone.
      expect(store.hasKeys).toBe(true)
      const next = await store.createKey({ name: 'ci', grants })
      expect(await store.revokeKey(next.key.id)).toBe(true)
      expect(await store.revokeKey(next.key.id)).toBe(false)
      expect(await store.revokeKey('nobody')).toBe(false)
      expect(store.findKey(next.secret)).toBeUndefined()
      expect(store.isRevoked({ keyId: next.key.id })).toBe(true)
      expect(store.keys().map(({ revokedAt }) => revokedAt)).toContain(now)
      const third = await store.createKey({ name: 'ci', grants })
      expect(store.findKey(third.secret)?.id).toBe(third.key.id)
      expect(store.keys()).toHaveLength(3)
    })

    it('that many make at once under one name is made once', async () => {
      const stores = await Promise.all(Array.from({ length: 4 }, open))
      const made = await Promise.allSettled(stores.map((store) => store.createKey({ name: 'ci', grants })))
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const store of stores) await store.lookAgain()
      expect(stores.map((store) => store.keys().length)).toEqual([1, 1, 1, 1])
    })

    it('of another process is noticed within a second, and so is that it was revoked', async () => {
      const server = await open()
      const onRevoked = vi.fn()
      server.onRevoked(onRevoked)
      expect(server.hasKeys).toBe(false)
      const cli = await open()
      const { key, secret } = await cli.createKey({ name: 'ci', grants })
      await vi.waitFor(() => expect(server.findKey(secret)?.id).toBe(key.id), soon)
      // The first key ends what everybody was let do without one.
      expect(onRevoked).toHaveBeenCalledTimes(1)
      await cli.revokeKey(key.id)
      await vi.waitFor(() => expect(onRevoked).toHaveBeenCalledTimes(2), soon)
      expect(server.isRevoked({ keyId: key.id })).toBe(true)
    })

    it('of another process is known at once to whoever looks again', async () => {
      const [server, cli] = [await open(), await open()]
      for (let count = 0; count < 20; count++) {
        // Also while a look is under way that began before.
        const earlier = server.lookAgain()
        const { key, secret } = await cli.createKey({ name: `key ${count}`, grants })
        await server.lookAgain()
        expect(server.findKey(secret)?.id).toBe(key.id)
        await earlier
      }
    })
  })

  describe('revocations', () => {
    it('of a user are of all tokens until then, and of none that comes after', async () => {
      const store = await open()
      const onRevoked = vi.fn()
      store.onRevoked(onRevoked)
      await store.revokeUser('alice')
      expect(onRevoked).toHaveBeenCalledTimes(1)
      expect(store.isRevoked({ user: 'alice', issuedAt: now })).toBe(true)
      expect(store.isRevoked({ user: 'alice', issuedAt: now + 1 })).toBe(false)
      expect(store.isRevoked({ user: 'alice' })).toBe(true)
      expect(store.isRevoked({ user: 'bob', issuedAt: 1 })).toBe(false)
      now += 10
      await store.revokeUser('alice')
      expect(onRevoked).toHaveBeenCalledTimes(2)
      expect(store.isRevoked({ user: 'alice', issuedAt: now })).toBe(true)
    })

    it('of users and tokens with any name are kept apart', async () => {
      const store = await open()
      const names = ['a b', ' ', 'token x', '{sub}', 'ü€', '"', 'a\nb']
      for (const name of names) await store.revokeToken(name)
      const other = await open()
      for (const name of names) {
        expect(other.isRevoked({ tokenId: name })).toBe(true)
        expect(other.isRevoked({ user: name, issuedAt: 1 })).toBe(false)
      }
      expect(other.isRevoked({ tokenId: 'x' })).toBe(false)
    })

    it('by a process whose clock is behind do not take back what was revoked later', async () => {
      const store = await open()
      await store.revokeUser('alice')
      now -= 5_000
      await store.revokeUser('alice')
      expect((await open()).isRevoked({ user: 'alice', issuedAt: now + 5_000 })).toBe(true)
    })

    it('outlive a restart, and are forgotten when everything that they were about has expired', async () => {
      const first = await open()
      await first.revokeToken('one')
      expect((await open()).isRevoked({ tokenId: 'one' })).toBe(true)
      now += lifetime + 1
      const later = await open()
      await later.revokeToken('two')
      expect(later.isRevoked({ tokenId: 'two' })).toBe(true)
      expect(later.isRevoked({ tokenId: 'one' })).toBe(false)
    })
  })

  describe('the secrets that sign', () => {
    it('are made when first needed, once for all processes, and kept', async () => {
      const stores = await Promise.all(Array.from({ length: 8 }, open))
      expect(stores[0]!.secrets.all()).toEqual([])
      const made = await Promise.all(stores.map(({ secrets }) => secrets.current()))
      expect(made[0]).toHaveLength(32)
      expect(new Set(made.map((secret) => Buffer.from(secret).toString('hex'))).size).toBe(1)
      expect(Buffer.from(await (await open()).secrets.current())).toEqual(Buffer.from(made[0]!))
    })

    it('are believed for as long as something lives that they signed, and then forgotten', async () => {
      const store = await open()
      const first = Buffer.from(await store.secrets.current())
      now += 5 * lifetime
      await store.rotateSecret()
      const second = Buffer.from(await store.secrets.current())
      expect(second).not.toEqual(first)
      expect(store.secrets.all().map((secret) => Buffer.from(secret))).toEqual([second, first])
      now += lifetime + 1
      expect(store.secrets.all()).toHaveLength(1)
      await store.rotateSecret()
      // The first ended its service a whole life ago, and is believed no longer, also by whoever has a slow clock.
      now -= lifetime + 1
      expect((await open()).secrets.all()).toHaveLength(2)
    })

    it('of another process are known to whoever looks again', async () => {
      const [one, other] = [await open(), await open()]
      const secret = Buffer.from(await one.secrets.current())
      await other.secrets.lookAgain()
      expect(other.secrets.all().map((secret) => Buffer.from(secret))).toEqual([secret])
    })
  })

  it('what one process writes again, that the store had lost, is news to the others', async () => {
    const [one, other] = [await place.open(), await place.open()]
    const revocation = { kind: 'user', name: 'alice', at: now } as const
    await one.addSecret({ secret: new Uint8Array(32), createdAt: now }, 0, true)
    expect((await other.readIfChanged())?.revocations).toEqual([])
    expect(await other.readIfChanged()).toBeUndefined()
    expect((await one.restore({ revocations: [revocation], hadKeys: false })).isDone).toBe(true)
    expect((await other.readIfChanged())?.revocations).toEqual([revocation])
    expect((await one.restore({ revocations: [revocation], hadKeys: false })).isDone).toBe(false)
    expect(await other.readIfChanged()).toBeUndefined()
    await Promise.all([one.close(), other.close()])
  })

  describe('a store that is set back to an earlier state', () => {
    it('does not let in again whom it had shut out, and learns of it anew', async () => {
      const store = await open()
      const early = await store.createKey({ name: 'early', grants })
      await store.revokeUser('before')
      const putBack = await place.backUp()
      await vi.waitFor(() => store.lookAgain(), afterReturn)
      await store.revokeKey(early.key.id)
      await store.revokeUser('alice')
      await store.revokeToken('one')
      const late = await store.createKey({ name: 'late', grants })
      const onRevoked = vi.fn()
      store.onRevoked(onRevoked)
      await putBack()
      // A key that is there no longer counts no longer, and those who showed it are told.
      await vi.waitFor(() => expect(store.findKey(late.secret)).toBeUndefined(), afterReturn)
      expect(onRevoked).toHaveBeenCalled()
      const expectRevoked = (one: CredentialStore) => {
        expect(one.findKey(early.secret)).toBeUndefined()
        expect(one.isRevoked({ keyId: early.key.id })).toBe(true)
        expect(one.isRevoked({ user: 'alice', issuedAt: now })).toBe(true)
        expect(one.isRevoked({ user: 'before', issuedAt: now })).toBe(true)
        expect(one.isRevoked({ tokenId: 'one' })).toBe(true)
        expect(one.isRevoked({ tokenId: 'two' })).toBe(false)
      }
      expectRevoked(store)
      const fresh = await open()
      await vi.waitFor(async () => {
        await fresh.lookAgain()
        expectRevoked(fresh)
      }, afterReturn)
    })
  })
}
