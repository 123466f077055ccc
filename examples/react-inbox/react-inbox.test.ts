import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppProcess } from '../../tests/support/app-process.ts'
import { isChromiumMissing, launchChromium } from '../../tests/support/chromium.ts'
import { tempFolder } from '../../tests/support/temp-folder.ts'
import { until } from '../../tests/support/until.ts'

describe.skipIf(isChromiumMissing)('a shop in React', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  async function open(app: AppProcess): Promise<Page> {
    const page = await browser.newPage()
    await page.goto(app.url)
    await page.getByText('Connected').waitFor()
    return page
  }

  const rows = (page: Page) => page.locator('.tidings-payload').allTextContents()

  test('an order shows itself in the feed, in a toast, and at the bell, which forgets it when it was seen', async () => {
    await using folder = await tempFolder()
    await using app = await AppProcess.start(import.meta.dirname, { TIDINGS_DATA: folder.path })
    const page = await open(app)
    await page.getByRole('textbox').fill('coffee')
    await page.getByRole('button', { name: 'Order' }).click()
    await page.locator('.tidings-toast').getByText('We are packing your coffee.').waitFor()
    await until('the order', async () => String(await rows(page)) === '{"number":1,"item":"coffee"}')
    await page.getByRole('button', { name: 'Notifications, 1 unread' }).click()
    await page.getByRole('dialog').getByText('Order received').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Notifications', exact: true }).waitFor()
    // It is kept by the server, and what was seen by the browser.
    await page.reload()
    await page.getByRole('button', { name: 'Notifications', exact: true }).click()
    await page.getByRole('dialog').getByText('Order received').waitFor()
    await page.close()
  })

  test('a page outlives its server, and misses nothing', async () => {
    await using folder = await tempFolder()
    await using app = await AppProcess.start(import.meta.dirname, { TIDINGS_DATA: folder.path })
    const page = await open(app)
    const order = (item: string) =>
      fetch(`${app.url}/orders`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ item }),
      })
    await order('tea')
    await until('the first order', async () => (await rows(page)).length === 1)
    await app.kill('SIGKILL')
    await page.getByText('The connection is lost.').waitFor()
    await app.start()
    await order('water')
    await until('the second order', async () => (await rows(page)).length === 2)
    expect((await rows(page))[0]).toContain('water')
    await page.getByText(/^Connected again/).waitFor()
    await page.close()
  })
})
