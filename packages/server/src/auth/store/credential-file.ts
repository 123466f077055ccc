import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ApiKey, KeyGrants } from './credential-store.ts'

/** The file of keys, beside the events. */
export const credentialFile = 'auth.db'

/** The version of the tables below, kept in the file. */
const version = 1

const tables = `
  CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL, grants TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS revocations (
    kind TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS secrets (id INTEGER PRIMARY KEY, secret BLOB NOT NULL, created_at INTEGER NOT NULL) STRICT;
  PRAGMA user_version = ${version};`

/** A key as it is stored: its secret only as a digest. */
export interface StoredKey extends ApiKey {
  readonly digest: Buffer
}

/** What can be revoked by name: all tokens of a user, or one token. */
export type RevocationKind = 'user' | 'token'

/** A secret that signs, and since when. */
interface StoredSecret {
  readonly secret: Uint8Array
  readonly createdAt: number
}

/** Everything in the file. */
export interface Contents {
  readonly keys: readonly StoredKey[]
  readonly revocations: readonly {
    readonly kind: RevocationKind
    readonly name: string
    readonly at: number
  }[]
  /** The newest first. */
  readonly secrets: readonly StoredSecret[]
}

const empty: Contents = Object.freeze({ keys: [], revocations: [], secrets: [] })

/**
 * The database file of credentials. It is made when something is first written; a folder without one has no keys.
 * Small, and rarely written: its few statements run in the thread that asks.
 */
export class CredentialFile {
  readonly #folder: string
  readonly #path: string
  #database: DatabaseSync | undefined
  #seenVersion = -1

  constructor(folder: string) {
    this.#folder = folder
    this.#path = join(folder, credentialFile)
  }

  /** Everything in it, if anybody has changed anything since the last call; else `undefined`. */
  readIfChanged(): Contents | undefined {
    if (this.#database === undefined) {
      if (!existsSync(this.#path)) return this.#isFirst() ? empty : undefined
      this.#database = this.#open()
    }
    // It counts the commits of other connections, and is read from shared memory: no disk is touched.
    const { data_version: seen } = this.#database.prepare('PRAGMA data_version').get() as {
      data_version: number
    }
    if (seen === this.#seenVersion) return undefined
    this.#seenVersion = seen
    return this.read()
  }

  /** Everything in it. */
  read(): Contents {
    const database = this.#database
    if (database === undefined) return empty
    const keys = database.prepare('SELECT * FROM keys ORDER BY created_at DESC, id').all().map(toKey)
    const revocations = database.prepare('SELECT kind, name, at FROM revocations').all()
    const secrets = database.prepare('SELECT secret, created_at FROM secrets ORDER BY id DESC').all()
    return {
      keys,
      revocations: revocations as unknown as Contents['revocations'],
      secrets: secrets.map((row) => ({
        secret: row.secret as Uint8Array,
        createdAt: row.created_at as number,
      })),
    }
  }

  /** Stores a key, unless `isFree` says of those that are there that it must not be. */
  addKey(key: StoredKey, checkFree: (keys: readonly StoredKey[]) => void): void {
    this.#write((database) => {
      checkFree(this.read().keys)
      const { id, name, digest, grants, createdAt, expiresAt = null } = key
      const insert =
        'INSERT INTO keys (id, name, digest, grants, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)'
      database.prepare(insert).run(id, name, digest, JSON.stringify(grants), createdAt, expiresAt)
    })
  }

  /** @returns whether there was such a key that was not revoked before. */
  revokeKey(id: string, at: number): boolean {
    return this.#write((database) => {
      const update = 'UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL'
      return database.prepare(update).run(at, id).changes > 0
    })
  }

  /** Revokes, and forgets revocations from before `forgetBefore`: what they were about has expired. */
  revoke(kind: RevocationKind, name: string, at: number, forgetBefore: number): void {
    this.#write((database) => {
      database.prepare('DELETE FROM revocations WHERE at < ?').run(forgetBefore)
      const upsert = 'INSERT INTO revocations VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at'
      database.prepare(upsert).run(kind, name, at)
    })
  }

  /**
   * Adds a secret, and forgets those that were replaced before `forgetBefore`.
   * @param isFirst add none if there is one: another process may have been quicker.
   */
  addSecret(at: number, forgetBefore: number, isFirst: boolean): void {
    this.#write((database) => {
      const { secrets } = this.read()
      if (isFirst && secrets.length > 0) return
      database.prepare('INSERT INTO secrets (secret, created_at) VALUES (?, ?)').run(randomBytes(32), at)
      // A secret ends its service when the next begins it.
      const gone = 'DELETE FROM secrets WHERE id < (SELECT max(id) FROM secrets WHERE created_at < ?)'
      database.prepare(gone).run(forgetBefore)
    })
  }

  close(): void {
    this.#database?.close()
    this.#database = undefined
  }

  #isFirst(): boolean {
    const isFirst = this.#seenVersion === -1
    this.#seenVersion = 0
    return isFirst
  }

  #write<Result>(change: (database: DatabaseSync) => Result): Result {
    this.#database ??= this.#open()
    const database = this.#database
    database.exec('BEGIN IMMEDIATE')
    try {
      const result = change(database)
      database.exec('COMMIT')
      return result
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }

  #open(): DatabaseSync {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const database = new DatabaseSync(this.#path, { timeout: 5_000 })
    try {
      // Also the files that SQLite puts beside it get this mode.
      chmodSync(this.#path, 0o600)
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
      const { user_version: found } = database.prepare('PRAGMA user_version').get() as {
        user_version: number
      }
      if (found > version) throw new Error(`${this.#path} was written by a newer Tidings; use that one`)
      if (found < version) database.exec(`BEGIN IMMEDIATE; ${tables} COMMIT;`)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  }
}

function toKey(row: Record<string, unknown>): StoredKey {
  return {
    id: row.id as string,
    name: row.name as string,
    digest: Buffer.from(row.digest as Uint8Array),
    grants: JSON.parse(row.grants as string) as KeyGrants,
    createdAt: row.created_at as number,
    expiresAt: (row.expires_at as number | null) ?? undefined,
    revokedAt: (row.revoked_at as number | null) ?? undefined,
  }
}
