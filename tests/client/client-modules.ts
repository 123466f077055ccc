import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import type { Page } from 'playwright-core'

const packages = new URL('../../packages/', import.meta.url)

/** Lets a page import our packages as they stand, types taken away: `import('@tidings/client/event-source')`. */
export async function serveModules(page: Page): Promise<void> {
  await page.route('**/packages/**', async (route) => {
    const path = new URL(route.request().url()).pathname.replace('/packages/', '')
    const source = await readFile(new URL(path, packages), 'utf8')
    await route.fulfill({ contentType: 'text/javascript', body: stripTypeScriptTypes(source) })
  })
}

/** A page on which they can be imported. */
export const pageWithModules = `<!doctype html><title>page</title><script type="importmap">${JSON.stringify({
  imports: {
    '@tidings/protocol': '/packages/protocol/src/index.ts',
    '@tidings/client/event-source': '/packages/client/src/event-source.ts',
    '@tidings/client/fetch-event-source': '/packages/client/src/fetch-event-source.ts',
  },
})}</script>`
