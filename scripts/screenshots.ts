import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createApi } from '@tidings/client/api'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { launchChromium } from '../tests/support/chromium.ts'
import { ServerProcess } from '../tests/support/server-process.ts'
import { until } from '../tests/support/until.ts'
import { buildConsoleIfStale } from './build-console.ts'

const images = process.argv[2] ?? fileURLToPath(new URL('../docs/images/', import.meta.url))
const laptop = { width: 1440, height: 900 }
const phone = { width: 390, height: 844 }
const user = 'demo-user'
/** How long the charts have to grow. */
const watchedMs = Number(process.env.WATCHED_MS ?? 125_000)

await mkdir(images, { recursive: true })
await buildConsoleIfStale()
await using server = await ServerProcess.start()
const browser = await launchChromium()
try {
  await seed(server)
  await watch()
  await shoot('light')
  await shoot('dark')
  await shootPhone()
} finally {
  await browser.close()
}

/** What a team would have seen this morning. */
async function seed({ url }: ServerProcess): Promise<void> {
  const api = createApi({ url: `${url}/events` })
  await api.announce({ title: 'Welcome to 2.4', message: 'Tabs share one stream now', link: '/docs' })
  await api.notify(user, {
    type: 'info',
    title: 'Mara left a comment',
    message: '“Encode once” looks good to me',
    link: '/docs',
  })
  await api.notify(user, { type: 'warning', title: 'Disk almost full', message: '91 % of /var is used' })
  await api.notify(user, { type: 'success', title: 'Backup finished', message: '41 GiB in 6 minutes' })
  await api.announce({ title: 'The office is closed on Friday', message: 'Support answers again on Monday' })
  await api.update({ orders: 128, revenue: 4210.5 })
  await api.announce({ title: 'Scheduled maintenance', message: 'Database maintenance at 2am UTC' })
  for (const [type, message] of [
    ['commit', 'main: fix the cursor when a block is cut in half'],
    ['review', '“Encode once” was approved'],
    ['deploy', 'api 2.3.0 rolled out to 3 of 3 regions'],
    ['alert', 'p99 is back under 20 ms'],
    ['commit', 'main: one write a stream a batch'],
    ['deploy', 'api 2.3.1 rolled out to 3 of 3 regions'],
  ] as const) {
    await api.activity({ type, message })
  }
  for (let line = 0; line < 12; line++) {
    await api.publish({
      topic: 'logs/app',
      text: `GET /orders/${41 + line} 200 in ${8 + ((line * 7) % 11)} ms`,
    })
  }
}

/** Lets the lines of the machine and of the market grow: both are drawn only while somebody looks. */
async function watch(): Promise<void> {
  const page = await open({ viewport: laptop })
  const beganAt = Date.now()
  await until('two minutes of figures', () => Date.now() - beganAt > watchedMs, {
    timeoutMs: 2 * watchedMs,
    everyMs: 500,
  })
  await page.context().close()
}

async function open(options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ ...options, deviceScaleFactor: options.deviceScaleFactor ?? 1 })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(server.url)
  await page.locator('#connection[data-state=live]').waitFor()
  return page
}

/** The page as it is opened, with a toast of what was just sent; the whole of it; and each section by itself. */
async function shoot(colorScheme: 'light' | 'dark'): Promise<void> {
  const page = await open({ viewport: laptop, colorScheme })
  await cutAndReturn(page)
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await closeToasts(page)
  await shootAll(page, `page-${colorScheme}`)
  if (colorScheme === 'light') await shootSections(page)
  await page.setViewportSize(laptop)
  await send(page)
  await page.screenshot({ path: `${images}/top-${colorScheme}.png` })
  await page.context().close()
}

/** Each section, among them the one about tabs while there are some. */
async function shootSections(page: Page): Promise<void> {
  const tabs = await Promise.all(Array.from({ length: 4 }, () => page.context().newPage()))
  for (const tab of tabs) await tab.goto(server.url)
  await page.locator('#tab-count', { hasText: '5' }).waitFor()
  for (const section of await page.locator('.section').all()) {
    await section.screenshot({ path: `${images}/${await section.getAttribute('id')}.png` })
  }
  for (const tab of tabs) await tab.close()
}

/** In a window that is as high as the page: what is out of sight is not drawn, and what sticks would be in its middle. */
async function shootAll(page: Page, name: string): Promise<void> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  await page.setViewportSize({ ...laptop, height })
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }))
  await page.mouse.move(0, 0)
  await page.screenshot({ path: `${images}/${name}.png` })
}

async function shootPhone(): Promise<void> {
  const page = await open({ viewport: phone, isMobile: true, hasTouch: true, deviceScaleFactor: 2 })
  await send(page)
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }))
  await page.screenshot({ path: `${images}/phone.png` })
  await page.context().close()
}

async function send(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Send notification' }).click()
  const toast = page.locator('.tidings-toast', { hasText: 'Deploy complete' })
  await toast.waitFor()
  await toast.evaluate((element) => Promise.all(element.getAnimations().map(({ finished }) => finished)))
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }))
}

async function cutAndReturn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Cut the connection' }).click()
  await page.getByText('7 events wait for you').waitFor()
  await page.getByRole('button', { name: 'Connect again' }).click()
  await page.getByText(/^You missed \d+ events/).waitFor()
}

async function closeToasts(page: Page): Promise<void> {
  const close = page.locator('.tidings-close')
  await close.first().waitFor()
  while ((await close.count()) > 0) await close.first().click()
}
