import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createSqliteLog } from 'tidings/log'
import { expect, it } from 'vitest'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { LoadProcess } from './load-process.ts'

it('a second opener is refused, by whatever name it calls the file, and told which process holds it', async () => {
  await using folder = await tempFolder()
  const path = join(folder.path, 'tidings.db')
  await using load = await LoadProcess.start({ path, name: 'holder', callers: 1, bytes: 100 })
  const link = join(folder.path, 'link.db')
  symlinkSync(path, link)
  for (const name of [path, link]) {
    await expectRefusal(name, `${path} is in use by another Tidings (process ${load.pid})`)
  }
  await load.reportedMore('acknowledged', 10)
  await load.end('SIGKILL')
  const log = await createSqliteLog({ path })
  await expectRefusal(path, `(process ${process.pid})`)
  await log.close()
})

it('a file of a newer Tidings is refused and left as it is', async () => {
  await using folder = await tempFolder()
  const path = await emptyLog(folder)
  change(path, 'PRAGMA user_version = 2')
  await expectUntouched(path, 'another Tidings (layout 2')
})

it('a database of another program is refused and left as it is', async () => {
  await using folder = await tempFolder()
  const path = join(folder.path, 'accounts.db')
  change(path, 'CREATE TABLE accounts (name TEXT); INSERT INTO accounts VALUES (1)')
  await expectUntouched(path, 'is not a Tidings database')
})

it.each([
  ['text', 'Dear diary, '.repeat(1000)],
  ['a short text', 'Dear diary'],
])('a file of %s is refused and left as it is', async (_, text) => {
  await using folder = await tempFolder()
  const path = join(folder.path, 'diary.txt')
  writeFileSync(path, text)
  await expectUntouched(path, 'is not a Tidings database')
})

it('an empty file becomes a log', async () => {
  await using folder = await tempFolder()
  const path = join(folder.path, 'new.db')
  writeFileSync(path, '')
  const log = await createSqliteLog({ path })
  expect((await log.bounds()).head.seq).toBe(0)
  await log.close()
})

it('a folder that cannot be made is named', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'file')
  writeFileSync(file, '')
  await expectRefusal(join(file, 'tidings.db'), `${file}/tidings.db cannot be opened`)
})

async function emptyLog(folder: TempFolder): Promise<string> {
  const path = join(folder.path, 'tidings.db')
  const log = await createSqliteLog({ path })
  await log.close()
  return path
}

function change(path: string, sql: string): void {
  const db = new DatabaseSync(path)
  db.exec(sql)
  db.close()
}

async function expectUntouched(path: string, message: string): Promise<void> {
  const before = readFileSync(path)
  await expectRefusal(path, message)
  expect(readFileSync(path).equals(before)).toBe(true)
}

async function expectRefusal(path: string, message: string): Promise<void> {
  const refusal: Error = await createSqliteLog({ path }).then(
    () => expect.unreachable('it was opened'),
    (error) => error,
  )
  expect(refusal.name).toBe('StoreRefused')
  expect(refusal.message).toContain(message)
}
