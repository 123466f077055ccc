import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { credentialStoreContract } from '../credential-store.cases.ts'
import type { CredentialStore } from '../credential-store.ts'
import { openCredentialStore } from '../open-credential-store.ts'
import { CredentialFile, credentialFile } from './credential-file.ts'

const grants = { publish: ['a/**'], subscribe: [], notify: [], admin: [] }

function newFolder(): string {
  return join(mkdtempSync(join(tmpdir(), 'tidings-keys-')), 'data')
}

describe('credentials in a file', () => {
  credentialStoreContract(async () => {
    const folder = newFolder()
    return {
      open: async () => new CredentialFile(folder),
      backUp: async () => {
        const rows = within(folder, (database) =>
          tables.map((table) => database.prepare(`SELECT * FROM ${table}`).all()),
        )
        return async () => within(folder, (database) => replace(database, rows))
      },
      remove: async () => rmSync(join(folder, '..'), { recursive: true }),
    }
  })
})

describe('the file', () => {
  let folder: string
  let store: CredentialStore

  beforeEach(async () => {
    folder = newFolder()
    store = await openCredentialStore({ data: folder, tokenMaxLifetimeMs: 1_000_000 })
  })

  afterEach(async () => {
    await store.close()
    rmSync(join(folder, '..'), { recursive: true })
  })

  it('is made when something is first written', async () => {
    await store.lookAgain()
    expect(existsSync(folder)).toBe(false)
    await store.createKey({ name: 'ci', grants })
    expect(existsSync(join(folder, credentialFile))).toBe(true)
  })

  it('has no key in it, nor anything that it could be made from', async () => {
    const { key, secret } = await store.createKey({ name: 'ci', grants })
    await store.close()
    const bytes = await readFile(join(folder, credentialFile), 'latin1')
    expect(bytes).toContain(key.id)
    expect(bytes).not.toContain(secret.split('_')[2])
  })

  it('forgets secrets that nothing living was signed with', async () => {
    const short = await openCredentialStore({ data: folder, tokenMaxLifetimeMs: 1 })
    await short.secrets.current()
    for (let count = 0; count < 5; count++) {
      const begun = Date.now()
      await expect.poll(() => Date.now() - begun).toBeGreaterThan(2)
      await short.rotateSecret()
    }
    await short.close()
    const count = within(folder, (database) =>
      database.prepare('SELECT count(*) AS count FROM secrets').get(),
    )
    expect(count).toEqual({ count: 2 })
  })

  it('is for its owner alone', async () => {
    await store.createKey({ name: 'ci', grants })
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of ['', '-wal', '-shm']) {
      expect(statSync(join(folder, credentialFile + name)).mode & 0o777).toBe(0o600)
    }
  })

  it('of a newer version is left alone', async () => {
    await store.createKey({ name: 'ci', grants })
    within(folder, (database) => database.exec('PRAGMA user_version = 99'))
    const opening = openCredentialStore({ data: folder, tokenMaxLifetimeMs: 1 })
    await expect(opening).rejects.toThrow('written by a newer Tidings')
  })
})

const tables = ['keys', 'revocations', 'secrets'] as const

type Row = Record<string, SQLInputValue>

function within<Result>(folder: string, use: (database: DatabaseSync) => Result): Result {
  const database = new DatabaseSync(join(folder, credentialFile))
  try {
    return use(database)
  } finally {
    database.close()
  }
}

function replace(database: DatabaseSync, rows: readonly (readonly object[])[]): void {
  database.exec('BEGIN IMMEDIATE')
  for (const [index, table] of tables.entries()) {
    database.exec(`DELETE FROM ${table}`)
    for (const row of rows[index]! as readonly Row[]) {
      const places = Object.keys(row).map(() => '?')
      database.prepare(`INSERT INTO ${table} VALUES (${places})`).run(...Object.values(row))
    }
  }
  database.exec('COMMIT')
}
