import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { StoreRefused } from '../store-refused.ts'
import { explain, isBusy } from './failure.ts'

/**
 * One server a file. The lock is an exclusive transaction on a database of its own beside the file: the system
 * lets go of it however the process ends, and no native module is needed.
 */
export interface FileLock {
  release(): void
}

/**
 * Locks a database file.
 * @throws StoreRefused naming the process that holds it.
 */
export function lockFile(path: string): FileLock {
  const owner = `${path}-owner`
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(`${path}-lock`)
    db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    leaveName(owner)
  } catch (cause) {
    db?.close()
    if (!isBusy(cause)) throw explain(cause, `${path}-lock`)
    throw new StoreRefused(
      `${path} is in use by another Tidings${readOwner(owner)}; stop it, or choose another folder (--data).`,
      { cause },
    )
  }
  const held = db
  return {
    release() {
      rmSync(owner, { force: true })
      held.close()
    },
  }
}

/** Only for the message that refuses a second server: a full disk must not keep the first one from starting. */
function leaveName(file: string): void {
  try {
    writeFileSync(file, `${process.pid}\n`)
  } catch {
    rmSync(file, { force: true })
  }
}

function readOwner(file: string): string {
  try {
    return ` (process ${readFileSync(file, 'utf8').trim()})`
  } catch {
    return ''
  }
}
