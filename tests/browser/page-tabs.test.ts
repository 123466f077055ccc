import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildConsoleIfStale } from '../../scripts/build-console.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { Visit } from './visit.ts'

describe.skipIf(isChromiumMissing)('tabs of one browser', () => {
  let browser: Browser

  beforeAll(async () => {
    await buildConsoleIfStale()
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  test('ten of them have one connection, and all get what comes', async () => {
    await using server = await ServerProcess.start()
    const context = await browser.newContext()
    const tabs: Visit[] = []
    for (let tab = 0; tab < 10; tab++) tabs.push(await Visit.begin(browser, { server, context }))
    const [first] = tabs
    await until('one connection', async () => (await first!.openStreams()) === 1)
    await first!.notify('for all tabs')
    for (const tab of tabs) await tab.inboxShows('for all tabs')
    await until('one connection still', async () => (await first!.openStreams()) === 1)
    for (const tab of tabs) {
      await until('ten tabs', async () => (await tab.page.textContent('#tab-count')) === '10')
    }
    const roles = await Promise.all(tabs.map(({ page }) => page.textContent('#tab-role')))
    expect(roles.toSorted()).toEqual([...Array(9).fill('follower'), 'leader'])
    await context.close()
  })

  test('the one that holds the connection is closed, and the others lose nothing', async () => {
    await using server = await ServerProcess.start()
    const context = await browser.newContext()
    const leader = await Visit.begin(browser, { server, context })
    const follower = await Visit.begin(browser, { server, context })
    await until('a leader', async () => (await leader.page.textContent('#tab-role')) === 'leader')
    await leader.notify('before')
    await follower.inboxShows('before')
    await leader.page.close()
    await follower.notify('during')
    await until('another leader', async () => (await follower.page.textContent('#tab-role')) === 'leader')
    await follower.notify('after')
    await follower.inboxShows('after', 'during', 'before')
    await until('one connection', async () => (await follower.openStreams()) === 1)
    await context.close()
  })

  test('what is read in one is read in the others', async () => {
    await using server = await ServerProcess.start()
    const context = await browser.newContext()
    const one = await Visit.begin(browser, { server, context })
    const other = await Visit.begin(browser, { server, context })
    await one.notify('read once')
    const unread = { name: 'Notifications, 1 unread' }
    await other.page.getByRole('button', unread).waitFor()
    await one.page.getByRole('button', unread).click()
    await one.page.keyboard.press('Escape')
    await other.page.getByRole('button', unread).waitFor({ state: 'hidden' })
    await context.close()
  })
})
