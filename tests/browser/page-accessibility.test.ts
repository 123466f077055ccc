import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildConsoleIfStale } from '../../scripts/build-console.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { Visit } from './visit.ts'

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** More stops than the page has. */
const mostStops = 120

describe.skipIf(isChromiumMissing)('the page, for whoever does not see it or has no mouse', () => {
  let browser: Browser

  beforeAll(async () => {
    await buildConsoleIfStale()
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  test.each(['light', 'dark'] as const)('breaks no rule of axe in %s colours', async (colorScheme) => {
    await using visit = await Visit.begin(browser, { options: { colorScheme, reducedMotion: 'reduce' } })
    const { page } = visit
    await visit.notify('A title')
    await visit.post('/api/broadcast', { title: 'A title', message: 'A message', link: '/docs' })
    await visit.publish('broadcast', 'update', { orders: 128 })
    await visit.act('deploy', 'A message')
    await page.getByRole('button', { name: 'Cut the connection' }).click()
    await page.getByText(/\d+ events wait for you/).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Connect again' }).click()
    await page.getByText(/^You missed \d+ events/).waitFor()
    await page.getByRole('button', { name: /^Notifications, / }).click()
    await page.locator('.quote').first().waitFor()
    expect(await violations(page)).toEqual([])
  })

  test.each(['light', 'dark'] as const)(
    'breaks no rule of axe at its door in %s colours',
    async (colorScheme) => {
      await using server = await ServerProcess.start({ settings: { dev: 'off' } })
      const page = await (await browser.newContext({ colorScheme })).newPage()
      await page.goto(server.url)
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      expect(await violations(page)).toEqual([])
      await page.context().close()
    },
  )

  test('has headings, landmarks and names that tell what it is', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    const headings = await page.getByRole('heading', { level: 2 }).allTextContents()
    expect(await page.getByRole('heading', { level: 1 }).allTextContents()).toEqual([
      'Push events to people. Lose none.',
    ])
    expect(headings).toEqual([
      'Send something',
      'Notifications',
      'Cut the connection',
      'Announcements',
      'Live metrics',
      'A trading ticker',
      'An activity feed',
      'Everything, as it comes',
      'Tabs share one stream',
      'A clock',
      'Read on',
    ])
    const lines = [
      '- banner:',
      '- navigation "Sections":',
      '- main:',
      '- contentinfo:',
      '- button "Notifications"',
      '- radiogroup "Type":',
      '- button "Send notification"',
      '- tablist "Languages for notifications":',
      '- tab "React" [selected]',
      '- img "CPU and memory of the last two minutes, in percent"',
      '- region "Announcements, newest first"',
      '- region "Events, newest last"',
      '- searchbox "Filter"',
      '- img "1 tab, one connection"',
      `- 'link "Connection: Live"'`,
    ]
    // Each section draws what it has when it has it.
    let snapshot = ''
    const lacking = () => lines.filter((line) => !snapshot.includes(line))
    await until(
      () => `${lacking()} in ${snapshot}`,
      async () => {
        snapshot = await page.locator('body').ariaSnapshot()
        return lacking().length === 0
      },
    )
  })

  test('says aloud what comes: a notification, an announcement, and the state of the connection', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await visit.notify('Spoken')
    await page.getByRole('status').filter({ hasText: 'Information: Spoken. A message' }).waitFor()
    await visit.post('/api/broadcast', { title: 'For all', message: 'A message' })
    await page.getByRole('status').filter({ hasText: 'Announcement: For all. A message' }).waitFor()
    await page.getByRole('button', { name: 'Cut the connection' }).click()
    await page.getByRole('status').filter({ hasText: 'Connection: Cut' }).waitFor()
  })

  test('is all within reach of the keyboard', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await tabTo(page, 'Skip to the page')
    await page.keyboard.press('Enter')
    await tabTo(page, 'Notification')
    await page.keyboard.press('ArrowRight')
    await tabTo(page, 'Send announcement')
    await page.keyboard.press('Enter')
    await visit.announcementsShow('Scheduled maintenance')

    await tabTo(page, 'React')
    await page.keyboard.press('ArrowRight')
    await page.getByRole('tab', { name: 'Client', selected: true }).first().waitFor()
    await tabTo(page, 'Cut the connection')
    await page.keyboard.press('Space')
    await visit.isIn('paused')
    await page.getByText(/events? waits? for you/).waitFor()
    await page.keyboard.press('Enter')
    await visit.isLive()
    await page.getByText(/^You missed /).waitFor()

    await tabTo(page, 'Pause')
    await page.keyboard.press('Space')
    await page.getByText(/^Paused, \d+ new$/).waitFor()
    await tabTo(page, 'Open a second tab')
  })

  test('moves for whoever likes it, and stands still for whoever wants less motion', async () => {
    await using server = await ServerProcess.start()
    await using moving = await Visit.begin(browser, { server })
    await moving.page.locator('#tabs').scrollIntoViewIfNeeded()
    await until('something to move', async () => (await animations(moving.page)) > 0)
    await using still = await Visit.begin(browser, { server, options: { reducedMotion: 'reduce' } })
    await still.page.locator('#tabs').scrollIntoViewIfNeeded()
    await still.post('/api/broadcast', { title: 'Still', message: 'A message' })
    await still.announcementsShow('Still')
    expect(await animations(still.page)).toBe(0)
  })

  test('tells in the few colours of a reader too what is chosen, what is in the log, and how the connection is', async () => {
    await using visit = await Visit.begin(browser, { options: { forcedColors: 'active' } })
    const { page } = visit
    await visit.notify('A title')
    await page.locator('.log-cell').first().waitFor()
    const grounds = (selector: string, part?: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element, part) => getComputedStyle(element, part).backgroundColor, part)
    for (const [one, other] of [
      ['.kinds :checked + span', '.kinds :not(:checked) + span'],
      ['.tones :checked + span', '.tones :not(:checked) + span'],
      ['.log-cell', '.log-cells'],
      ['.log-cursor', '.log-cells'],
      ['.pill-dot', '.pill'],
    ] as const) {
      expect(await grounds(one), one).not.toBe(await grounds(other))
    }
    expect(await grounds('.key[data-state=late]', '::before')).not.toBe(
      await grounds('.key[data-state=here]', '::before'),
    )
  })
})

/** The rules that the page breaks now, and where. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
    const { violations: found } = await axe.run(document)
    return found.flatMap(({ id, nodes }) =>
      nodes.map(({ target, html }) => `${id}: ${target} ${html.slice(0, 120)}`),
    )
  })
}

/** How many animations run now. */
function animations(page: Page): Promise<number> {
  return page.evaluate(
    () => document.getAnimations().filter(({ playState }) => playState === 'running').length,
  )
}

/** Presses Tab until something of this name has the focus. @throws Error if nothing ever does. */
async function tabTo(page: Page, name: string): Promise<void> {
  const passed: string[] = []
  for (let stop = 0; stop < mostStops; stop++) {
    await page.keyboard.press('Tab')
    const found = await page.evaluate(() => {
      const { activeElement: active } = document
      const label = active instanceof HTMLInputElement ? active.labels?.[0]?.textContent : undefined
      return (active?.getAttribute('aria-label') ?? label ?? active?.textContent ?? '').trim()
    })
    if (found === name) return
    passed.push(found)
  }
  throw new Error(`Tab never comes to "${name}", only to: ${passed.join(' | ')}`)
}
