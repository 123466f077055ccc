import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { damaged, StoreRefused } from '../store-refused.ts'
import type { Failure } from './messages.ts'

/** SQLite's primary result codes, the low byte of the extended ones. */
const SQLITE_BUSY = 5
const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_NOTADB = 26

/** Extended result codes. */
const SQLITE_IOERR_FSYNC = 1034
const SQLITE_IOERR_DIR_FSYNC = 1290
/** The index of the write-ahead log could not grow: SQLite asks for its disk space before it uses it. */
const SQLITE_IOERR_SHMSIZE = 4874

/**
 * A full or read-only disk stores nothing and may recover: publishes are refused meanwhile. Anything else,
 * a failed fsync above all, leaves it open what is on the disk, and later commits may seem to succeed.
 */
export function classify(error: unknown, path: string): Failure {
  const message = error instanceof Error ? error.message : String(error)
  const code = codeOf(error)
  const primary = code & 0xff
  if (code === SQLITE_IOERR_FSYNC || code === SQLITE_IOERR_DIR_FSYNC) return { kind: 'failed', message }
  if (primary === SQLITE_FULL || primary === SQLITE_READONLY || code === SQLITE_IOERR_SHMSIZE) {
    return { kind: 'full', message }
  }
  if ((primary === SQLITE_IOERR || primary === SQLITE_CANTOPEN) && isReadOnly(dirname(path))) {
    return { kind: 'full', message: `${message} (the file system is read-only)` }
  }
  return { kind: 'failed', message }
}

/** Says of an error while opening what to do about it. */
export function explain(error: unknown, path: string): Error {
  if (error instanceof StoreRefused || !(error instanceof Error)) return error as Error
  const primary = codeOf(error) & 0xff
  if (primary === SQLITE_NOTADB) {
    return new StoreRefused(
      `${path} is not a Tidings database, or its beginning is damaged; choose another file.`,
    )
  }
  if (primary === SQLITE_CORRUPT) return damaged(path, error.message)
  return new StoreRefused(
    `${path} cannot be opened (${error.message}). Its folder must be writable, and its disk have room.`,
    { cause: error },
  )
}

/** Whether another connection holds a lock. */
export function isBusy(error: unknown): boolean {
  return (codeOf(error) & 0xff) === SQLITE_BUSY
}

/** SQLite's extended result code; 0 if the error is not SQLite's. */
function codeOf(error: unknown): number {
  const isSqlite = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
  return isSqlite ? (error.errcode as number) : 0
}

function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS'
  }
}
