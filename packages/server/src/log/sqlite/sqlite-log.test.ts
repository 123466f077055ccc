import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logContract } from '@tidings/conformance'
import { createSqliteLog } from './sqlite-log.ts'

logContract('sqlite', async (options) => {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-log-'))
  const open = () => createSqliteLog({ path: join(folder, 'tidings.db'), ...options })
  const log = await open()
  let latest = log
  return {
    log,
    async reopen() {
      await log.close()
      latest = await open()
      return latest
    },
    async clean() {
      await latest.close()
      rmSync(folder, { recursive: true })
    },
  }
})
