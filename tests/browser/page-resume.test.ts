import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildConsoleIfStale } from '../../scripts/build-console.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { Visit } from './visit.ts'

describe.skipIf(isChromiumMissing)('a page that was away', () => {
  let browser: Browser

  beforeAll(async () => {
    await buildConsoleIfStale()
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  test('and was cut by its reader shows what happened meanwhile, in order, each once', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await visit.notify('before')
    await visit.inboxShows('before')
    await page.getByRole('button', { name: 'Cut the connection' }).click()
    await visit.isIn('paused')
    // The page itself sees to it that there is something to miss.
    await page.getByText(/ ([7-9]|1\d) events wait for you/).waitFor()
    await visit.notify('meanwhile')
    await page.getByRole('button', { name: 'Connect again' }).click()
    await page.getByText(/^You missed ([89]|\d\d+) events: here they are$/).waitFor()
    const missed = await until('all that was missed', async () => {
      const lines = await page.locator('#missed-list .missed-words').allTextContents()
      return lines.includes('meanwhile: A message') && lines
    })
    expect(missed.slice(0, 3)).toEqual([
      'api 2.3.2 is on its way',
      'main: one write a stream a batch',
      'Backup finished: 41 GiB in 6 minutes',
    ])
    expect(missed.filter((line) => line === 'meanwhile: A message')).toHaveLength(1)
    // How often the page itself has notified its reader meanwhile, depends on how long this took.
    const titles = await until('the inbox to have them too', async () => {
      const found = await page.locator('#notifications .tidings-title').allTextContents()
      return found.includes('Backup finished') && found.includes('meanwhile') && found
    })
    expect(titles.filter((title) => title !== 'Backup finished')).toEqual(['meanwhile', 'before'])
    expect(visit.complaints).toEqual([])
  })

  test('because the server was killed has lost nothing when it is started again, and says so', async () => {
    await using visit = await Visit.begin(browser)
    const { page, server } = visit
    await visit.notify('before')
    await visit.inboxShows('before')
    await server.kill('SIGKILL')
    await page.locator('#connection:not([data-state=live])').waitFor()
    // Cut, the page cannot come back before there is something that it missed.
    await page.getByRole('button', { name: 'Cut the connection' }).click()
    await server.start()
    for (let turn = 1; turn <= 3; turn++) await visit.notify(`meanwhile ${turn}`)
    await page.getByRole('button', { name: 'Connect again' }).click()
    await page.getByText(/^You missed \d+ events: here they are$/).waitFor()
    await visit.notify('after')
    await page.locator('#notifications').getByText('after', { exact: true }).waitFor()
    const titles = await page.locator('#notifications .tidings-title').allTextContents()
    expect(titles.filter((title) => title !== 'Backup finished')).toEqual([
      'after',
      'meanwhile 3',
      'meanwhile 2',
      'meanwhile 1',
      'before',
    ])
  })

  test('without a network says so, and has everything when it is back', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await page.context().setOffline(true)
    await visit.isIn('offline')
    await visit.notify('meanwhile 1')
    await visit.notify('meanwhile 2')
    await page.context().setOffline(false)
    await visit.isLive()
    await visit.inboxShows('meanwhile 2', 'meanwhile 1')
    await page.getByText('You missed 2 events: here they are').waitFor()
  })

  test('sends what its reader sent while the server was away once, when it is back', async () => {
    await using visit = await Visit.begin(browser)
    const { page, server } = visit
    await server.kill('SIGKILL')
    // The tries after the first, which are few, wait for the server, however long it takes to start.
    const isBack = Promise.withResolvers<void>()
    let tries = 0
    await page.route('**/api/notifications/*', async (route) => {
      if (route.request().method() === 'POST' && ++tries > 1) await isBack.promise
      await route.continue()
    })
    await page.getByRole('button', { name: 'Send notification' }).click()
    await page.getByText('Trying again under the same key').waitFor()
    await server.start()
    isBack.resolve()
    await page.getByText(/^On disk: answered after \d+ ms/).waitFor()
    expect(tries).toBeGreaterThan(1)
    await visit.inboxShows('Deploy complete')
  })

  test('from a server that has forgotten everything tells of the gap, and begins anew', async () => {
    await using server = await ServerProcess.start({ settings: { store: 'memory:' } })
    await using visit = await Visit.begin(browser, { server })
    await visit.notify('forgotten')
    await visit.post('/api/broadcast', { title: 'forgotten too', message: 'A message' })
    await visit.inboxShows('forgotten')
    await visit.announcementsShow('forgotten too')
    await server.kill('SIGKILL')
    await server.start()
    await visit.page.getByText('There is a gap').waitFor()
    await visit.inboxShows()
    await visit.announcementsShow()
    await visit.notify('new')
    await visit.inboxShows('new')
    await visit.page.getByRole('button', { name: 'Understood' }).click()
    await visit.page.getByText('There is a gap').waitFor({ state: 'hidden' })
  })
})
