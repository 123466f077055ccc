import { expect, it } from 'vitest'
import { checkSqliteVersion } from './schema.ts'

it.each(['3.51.2', '3.50.99', '2.99.99', '0'])('SQLite %s, which can lose data, is refused', (version) => {
  expect(() => checkSqliteVersion(version)).toThrow(`SQLite ${version}, which can lose data`)
})

it.each(['3.51.3', '3.52.0', '4.0.0', process.versions.sqlite!])('SQLite %s will do', (version) => {
  expect(() => checkSqliteVersion(version)).not.toThrow()
})
