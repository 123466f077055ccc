import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { build, type InlineConfig, preview } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from '../../packages/client/src/api.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { freePort } from '../support/free-port.ts'
import { ServerProcess } from '../support/server-process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { readPage, snippetsOf } from './snippets.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const page = `<!doctype html>
<html lang="en">
  <head><title>First app</title></head>
  <body><div id="root"></div><script type="module" src="/src/main.tsx"></script></body>
</html>`

describe.skipIf(isChromiumMissing)('a fresh app', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launchChromium()
  })

  afterAll(() => browser.close())

  it('has a working bell with the lines of the README, and nothing else', async () => {
    const app = snippetsOf(await readPage('packages/react/README.md')).find(({ mark }) => mark === 'app')!
    expect(app.code.trim().split('\n')).toHaveLength(12)
    expect(await readPage('README.md')).toContain(app.code.trim())
    const port = await freePort()
    await using server = await ServerProcess.start({
      settings: { corsOrigins: [`http://127.0.0.1:${port}`] },
    })
    await using folder = await tempFolder()
    await mkdir(join(folder.path, 'src'))
    await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'))
    await writeFile(join(folder.path, 'index.html'), page)
    await writeFile(join(folder.path, 'src/main.tsx'), app.code.replace('http://localhost:3000', server.url))
    await cp(join(root, 'tsconfig.base.json'), join(folder.path, 'tsconfig.json'))
    const shared: InlineConfig = {
      root: folder.path,
      configFile: false,
      logLevel: 'warn',
      resolve: { conditions: ['tidings-source', 'module', 'browser', 'production'] },
    }
    await build({ ...shared, oxc: { jsx: { runtime: 'automatic' } } })
    const site = await preview({ ...shared, preview: { host: '127.0.0.1', port } })
    try {
      const tab = await browser.newPage()
      const complaints: string[] = []
      tab.on('pageerror', (error) => complaints.push(String(error)))
      await tab.goto(`http://127.0.0.1:${port}`)
      const bell = tab.getByRole('button', { name: /notifications/i })
      await bell.waitFor()
      await createApi({ url: server.url }).notify('demo-user', {
        type: 'success',
        title: 'Deploy Complete',
        message: 'v2.3.1 deployed to production',
      })
      await tab.getByRole('button', { name: /1 unread/i }).click()
      await tab.getByText('v2.3.1 deployed to production').first().waitFor()
      expect(complaints).toEqual([])
      await tab.close()
    } finally {
      await site.close()
    }
  })
})
