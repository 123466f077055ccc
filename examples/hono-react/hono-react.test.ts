import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppProcess } from '../../tests/support/app-process.ts'
import { isChromiumMissing, launchChromium } from '../../tests/support/chromium.ts'
import { tempFolder } from '../../tests/support/temp-folder.ts'
import { until } from '../../tests/support/until.ts'

describe.skipIf(isChromiumMissing)('deploys, rendered by the server', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  async function deploy(app: AppProcess, message: unknown): Promise<number> {
    const headers = { 'Content-Type': 'application/json' }
    const body = JSON.stringify({ message })
    return (await fetch(`${app.url}/deploys`, { method: 'POST', headers, body })).status
  }

  test('a reader without JavaScript sees what has happened, as text', async () => {
    await using folder = await tempFolder()
    await using app = await AppProcess.start(import.meta.dirname, { TIDINGS_DATA: folder.path })
    for (const message of ['api 1', '</script><img src=x onerror=alert(1)>$&']) await deploy(app, message)
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(app.url)
    expect(await page.getByRole('listitem').allTextContents()).toEqual([
      '</script><img src=x onerror=alert(1)>$&',
      'api 1',
    ])
    expect(await deploy(app, 7)).toBe(400)
    await context.close()
  })

  test('the browser takes the page over as it is, and nothing falls between the two', async () => {
    await using folder = await tempFolder()
    await using app = await AppProcess.start(import.meta.dirname, { TIDINGS_DATA: folder.path })
    await deploy(app, 'before')
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })

    // Deployed after the server has rendered, before the stream is open.
    await page.route(`${app.url}/events?**`, async (route) => {
      await deploy(app, 'between')
      await route.continue()
    })
    await page.goto(app.url)
    const items = () => page.getByRole('listitem').allTextContents()
    await until('what fell between', async () => String(await items()) === 'between,before')
    await deploy(app, 'after')
    await until('what comes', async () => String(await items()) === 'after,between,before')
    expect(complaints).toEqual([])
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.close()
  })
})
