import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCredentialStore } from '../../packages/server/src/auth/store/open-credential-store.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'

describe.skipIf(isChromiumMissing)('the page that describes the API, of a server in production', () => {
  let folder: TempFolder
  let server: ServerProcess
  let key: string

  beforeAll(async () => {
    folder = await tempFolder()
    const store = await openCredentialStore({ data: folder.path, tokenMaxLifetimeMs: 86_400_000 })
    const grants = { publish: ['**'], subscribe: ['**'], notify: [], admin: ['**'] }
    key = (await store.createKey({ name: 'operator', grants })).secret
    await store.close()
    server = await ServerProcess.start({ data: folder.path })
  })

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  it('takes a key, and asks with it', async () => {
    const browser = await launchChromium()
    try {
      const page = await browser.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text())
      })
      await page.goto(`${server.url}/docs`)
      const stats = page.locator('.opblock', { hasText: '/api/stats' })
      await stats.getByRole('button').first().click()
      await stats.getByRole('button', { name: 'Try it out' }).click()
      const execute = stats.getByRole('button', { name: 'Execute' })
      const statusOf = async () => {
        const [answer] = await Promise.all([
          page.waitForResponse((response) => response.url().endsWith('/api/stats')),
          execute.click(),
        ])
        return answer.status()
      }
      expect(await statusOf()).toBe(401)
      // The browser itself says so of every answer that is an error, in its own time.
      await until('the browser to say so', () => complaints.length > 0)
      expect(complaints.splice(0)).toEqual([expect.stringContaining('401')])

      await page.locator('.auth-wrapper .authorize').first().click()
      const dialog = page.locator('.modal-ux')
      await dialog.getByLabel('auth-bearer-value').fill(key)
      await dialog.getByRole('button', { name: 'Apply credentials' }).first().click()
      await dialog.getByRole('button', { name: 'Close' }).last().click()
      expect(await statusOf()).toBe(200)
      expect(await stats.locator('.live-responses-table').textContent()).toContain('totalConnections')
      expect(complaints).toEqual([])
    } finally {
      await browser.close()
    }
    expect(server.output).not.toContain(key)
  })
})
