import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { credentialFile } from './credential-file.ts'
import type { CredentialStore } from './credential-store.ts'
import { openCredentialStore } from './open-credential-store.ts'

const lifetime = 1_000_000
const grants = { publish: ['a/**'], subscribe: [], notify: [], admin: [] }

let folder: string
let now: number
const opened: CredentialStore[] = []

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'tidings-keys-')), 'data')
  now = 10_000_000
})

afterEach(() => {
  for (const store of opened.splice(0)) store.close()
  rmSync(join(folder, '..'), { recursive: true })
})

function open(): CredentialStore {
  const store = openCredentialStore(folder, { tokenMaxLifetimeMs: lifetime, now: () => now })
  opened.push(store)
  return store
}

describe('a key', () => {
  it('is found by the string that shows it, and by nothing else', () => {
    const store = open()
    const { key, secret } = store.createKey({ name: 'ci', grants })
    expect(secret).toMatch(/^tdk_[0-9a-z]{12}_[0-9a-z]{40}$/)
    expect(store.findKey(secret)).toEqual(expect.objectContaining({ id: key.id, name: 'ci', grants }))
    const other = store.createKey({ name: 'other', grants })
    const mixed = `tdk_${key.id}_${other.secret.split('_')[2]}`
    for (const wrong of [
      mixed,
      secret.slice(0, -1),
      `${secret}0`,
      secret.toUpperCase(),
      '',
      'tdk_',
      `tdk_${key.id}_`,
    ]) {
      expect(store.findKey(wrong)).toBeUndefined()
    }
  })

  it('is not in the file, nor anything that it could be made from', async () => {
    const store = open()
    const { key, secret } = store.createKey({ name: 'ci', grants })
    store.close()
    opened.length = 0
    const bytes = await readFile(join(folder, credentialFile), 'latin1')
    expect(bytes).toContain(key.id)
    expect(bytes).not.toContain(secret.split('_')[2])
    expect(JSON.stringify(store.keys())).not.toContain('digest')
  })

  it('counts until it expires or is revoked, and leaves its name to another then', () => {
    const store = open()
    const { secret } = store.createKey({ name: 'ci', grants, expiresAt: now + 100 })
    expect(() => store.createKey({ name: 'ci', grants })).toThrow('there is a key named "ci"')
    now += 100
    expect(store.findKey(secret)).toBeUndefined()
    // Nobody is let in unasked because the last key has gone.
    expect(store.hasKeys).toBe(true)
    const next = store.createKey({ name: 'ci', grants })
    expect(store.revokeKey(next.key.id)).toBe(true)
    expect(store.revokeKey(next.key.id)).toBe(false)
    expect(store.revokeKey('nobody')).toBe(false)
    expect(store.findKey(next.secret)).toBeUndefined()
    expect(store.isRevoked({ keyId: next.key.id })).toBe(true)
    expect(store.keys()).toHaveLength(2)
  })

  it('of another process is noticed, and so is that it was revoked', async () => {
    const server = open()
    const onRevoked = vi.fn()
    server.onRevoked(onRevoked)
    expect(existsSync(folder)).toBe(false)
    const cli = open()
    const { key, secret } = cli.createKey({ name: 'ci', grants })
    await vi.waitFor(() => expect(server.findKey(secret)?.id).toBe(key.id), { timeout: 2_000 })
    // The first key ends what everybody was let do without one.
    expect(onRevoked).toHaveBeenCalledTimes(1)
    cli.revokeKey(key.id)
    await vi.waitFor(() => expect(onRevoked).toHaveBeenCalledTimes(2), { timeout: 2_000 })
    expect(server.isRevoked({ keyId: key.id })).toBe(true)
  })
})

describe('revocations', () => {
  it('of a user are of all tokens until then, and of none that comes after', () => {
    const store = open()
    const onRevoked = vi.fn()
    store.onRevoked(onRevoked)
    store.revokeUser('alice')
    expect(onRevoked).toHaveBeenCalledTimes(1)
    expect(store.isRevoked({ user: 'alice', issuedAt: now })).toBe(true)
    expect(store.isRevoked({ user: 'alice', issuedAt: now + 1 })).toBe(false)
    expect(store.isRevoked({ user: 'alice' })).toBe(true)
    expect(store.isRevoked({ user: 'bob', issuedAt: 1 })).toBe(false)
    now += 10
    store.revokeUser('alice')
    expect(onRevoked).toHaveBeenCalledTimes(2)
    expect(store.isRevoked({ user: 'alice', issuedAt: now })).toBe(true)
  })

  it('outlive a restart, and are forgotten when everything that they were about has expired', () => {
    open().revokeToken('one')
    expect(open().isRevoked({ tokenId: 'one' })).toBe(true)
    now += lifetime + 1
    const later = open()
    later.revokeToken('two')
    expect(later.isRevoked({ tokenId: 'two' })).toBe(true)
    expect(later.isRevoked({ tokenId: 'one' })).toBe(false)
  })
})

describe('the secrets that sign', () => {
  it('are made when first needed, once for all processes, and kept', () => {
    const [one, two] = [open(), open()]
    expect(one.secrets.all()).toEqual([])
    const secret = one.secrets.current()
    expect(secret).toHaveLength(32)
    expect(Buffer.from(two.secrets.current())).toEqual(Buffer.from(secret))
    expect(Buffer.from(open().secrets.current())).toEqual(Buffer.from(secret))
  })

  it('are believed for as long as something lives that they signed, and then forgotten', () => {
    const store = open()
    const first = Buffer.from(store.secrets.current())
    now += 5 * lifetime
    store.rotateSecret()
    const second = Buffer.from(store.secrets.current())
    expect(second).not.toEqual(first)
    expect(store.secrets.all().map((secret) => Buffer.from(secret))).toEqual([second, first])
    now += lifetime + 1
    expect(store.secrets.all()).toHaveLength(1)
    store.rotateSecret()
    // The first ended its service a whole life ago.
    const database = new DatabaseSync(join(folder, credentialFile))
    expect(database.prepare('SELECT count(*) AS count FROM secrets').get()).toEqual({ count: 2 })
    database.close()
  })
})

describe('the file', () => {
  it('is for its owner alone', () => {
    open().createKey({ name: 'ci', grants })
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of ['', '-wal', '-shm']) {
      expect(statSync(join(folder, credentialFile + name)).mode & 0o777).toBe(0o600)
    }
  })

  it('of a newer version is left alone', () => {
    open().createKey({ name: 'ci', grants })
    const database = new DatabaseSync(join(folder, credentialFile))
    database.exec('PRAGMA user_version = 99')
    database.close()
    expect(() => open()).toThrow('written by a newer Tidings')
  })
})
