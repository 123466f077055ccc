import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { settingKeys } from './setting-table.ts'
import { insertSettings } from './settings-markdown.ts'

const page = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8')

test('docs/configuration.md is up to date', () => {
  const how = 'regenerate it: node --conditions=tidings-source scripts/generate-docs.ts'
  expect(insertSettings(page), how).toBe(page)
})

test('the page names every setting', () => {
  for (const key of settingKeys) expect(page).toContain(`| \`${key}\`<br>`)
})

test('the page names no flag of a secret, since there is none', () => {
  expect(page).toContain('| `jwtSecret`<br>`TIDINGS_JWT_SECRET` |')
  expect(page).not.toContain('`--issuers`')
})

test('a page without the marks is refused', () => {
  expect(() => insertSettings('# Configuration')).toThrow('lacks the marks')
})
