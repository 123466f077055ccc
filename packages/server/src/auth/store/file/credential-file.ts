import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type {
  Contents,
  CredentialBacking,
  Owed,
  Revocation,
  RevocationKind,
  StoredKey,
  StoredSecret,
  Written,
} from '../contents.ts'
import type { KeyGrants } from '../credential-store.ts'

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

const empty: Contents = Object.freeze({ keys: [], revocations: [], secrets: [], hadKeys: false })

/**
 * The database file of credentials. It is made when something is first written; a folder without one has no keys.
 * Small, and rarely written: its few statements run in the thread that asks.
 */
export class CredentialFile implements CredentialBacking {
  readonly #folder: string
  readonly #path: string
  #database: DatabaseSync | undefined
  #seenVersion = -1

  constructor(folder: string) {
    this.#folder = folder
    this.#path = join(folder, credentialFile)
  }

  async readIfChanged(): Promise<Contents | undefined> {
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
    return read(this.#database)
  }

  async addKey(key: StoredKey, now: number): Promise<Written> {
    return this.#write((database) => {
      const { id, name, digest, grants, createdAt, expiresAt = null } = key
      const namesake =
        'SELECT 1 FROM keys WHERE name = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)'
      if (database.prepare(namesake).get(name, now) !== undefined) return false
      const insert =
        'INSERT INTO keys (id, name, digest, grants, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)'
      database.prepare(insert).run(id, name, digest, JSON.stringify(grants), createdAt, expiresAt)
      return true
    })
  }

  async revoke(revocation: Revocation, forgetBefore: number): Promise<Written> {
    return this.#write((database) => {
      database.prepare('DELETE FROM revocations WHERE at < ?').run(forgetBefore)
      return revoke(database, revocation)
    })
  }

  async addSecret(
    { secret, createdAt }: StoredSecret,
    forgetBefore: number,
    isFirst: boolean,
  ): Promise<Written> {
    return this.#write((database) => {
      if (isFirst && database.prepare('SELECT 1 FROM secrets').get() !== undefined) return false
      database.prepare('INSERT INTO secrets (secret, created_at) VALUES (?, ?)').run(secret, createdAt)
      // A secret ends its service when the next begins it.
      const gone = 'DELETE FROM secrets WHERE id < (SELECT max(id) FROM secrets WHERE created_at < ?)'
      database.prepare(gone).run(forgetBefore)
      return true
    })
  }

  /** That there were keys is what the keys themselves say: nobody deletes one of them. */
  async restore({ revocations }: Owed): Promise<Written> {
    return this.#write((database) => {
      const done = revocations.map((revocation) => revoke(database, revocation))
      return done.includes(true)
    })
  }

  async close(): Promise<void> {
    this.#database?.close()
    this.#database = undefined
  }

  #isFirst(): boolean {
    const isFirst = this.#seenVersion === -1
    this.#seenVersion = 0
    return isFirst
  }

  #write(change: (database: DatabaseSync) => boolean): Written {
    this.#database ??= this.#open()
    const database = this.#database
    database.exec('BEGIN IMMEDIATE')
    try {
      const isDone = change(database)
      database.exec('COMMIT')
      return { isDone, contents: read(database) }
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
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

/** @returns whether it was not revoked since then already; of a key, also whether there is one. */
function revoke(database: DatabaseSync, { kind, name, at }: Revocation): boolean {
  if (kind === 'key') {
    const update = 'UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL'
    return database.prepare(update).run(at, name).changes > 0
  }
  const upsert =
    'INSERT INTO revocations VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at WHERE at < excluded.at'
  return database.prepare(upsert).run(kind, name, at).changes > 0
}

function read(database: DatabaseSync): Contents {
  const keys = database.prepare('SELECT * FROM keys ORDER BY created_at DESC, id').all()
  const revocations = database.prepare('SELECT kind, name, at FROM revocations').all()
  const secrets = database.prepare('SELECT secret, created_at FROM secrets ORDER BY id DESC').all()
  return {
    keys: keys.map(toKey),
    revocations: [
      ...revocations.map(({ kind, name, at }) => ({
        kind: kind as RevocationKind,
        name: name as string,
        at: at as number,
      })),
      ...keys.flatMap(({ id, revoked_at: at }): Revocation[] =>
        at === null ? [] : [{ kind: 'key', name: id as string, at: at as number }],
      ),
    ],
    secrets: secrets.map((row) => ({
      secret: row.secret as Uint8Array,
      createdAt: row.created_at as number,
    })),
    hadKeys: keys.length > 0,
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
  }
}
