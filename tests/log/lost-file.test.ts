import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createSqliteLog } from 'tidings/log'
import { expect, it } from 'vitest'
import { tempFolder } from '../support/temp-folder.ts'
import { within } from '../support/until.ts'
import { eventsOf } from './load.ts'

const losses: [string, (path: string) => void][] = [
  ['deleted', (path) => rmSync(path)],
  ['moved away', (path) => renameSync(path, `${path}.moved`)],
  [
    'replaced by a copy',
    (path) => {
      copyFileSync(path, `${path}.copy`)
      renameSync(`${path}.copy`, path)
    },
  ],
]

// SQLite goes on to write to what it has open: it would all be acknowledged, and gone with the process.
it.each(losses)('a log whose file is %s acknowledges nothing any more, and says why', async (_, lose) => {
  await using folder = await tempFolder()
  const path = join(folder.path, 'tidings.db')
  const log = await createSqliteLog({ path })
  await log.append(eventsOf('before', 100))
  lose(path)
  await expect(log.append(eventsOf('after', 100))).rejects.toMatchObject({ code: 'storage_failed' })
  const failure = await within('the failure', 30_000, log.failed)
  expect(failure.message).toBe(`${path} was deleted, moved or replaced while it was in use`)
  await within('closing', 30_000, log.close())
})
