import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { Kit } from './kit.ts'
import { KitVisit } from './kit-visit.ts'

/** What axe found wrong, in words. */
async function violations(page: Page, part = 'body'): Promise<string[]> {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await page.evaluate(axe)
  return page.evaluate(async (part) => {
    const { axe } = globalThis as unknown as {
      axe: { run(part: string, options: object): Promise<AxeResult> }
    }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    const found = await axe.run(part, {
      runOnly: { type: 'tag', values: tags },
      resultTypes: ['violations', 'incomplete'],
    })
    const contrast = found.incomplete.filter(({ id }) => id === 'color-contrast')
    const all = [...found.violations, ...contrast]
    return all.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`))
  }, part)
}

interface AxeResult {
  readonly violations: readonly AxeRule[]
  readonly incomplete: readonly AxeRule[]
}

interface AxeRule {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

describe.skipIf(isChromiumMissing)('accessibility', () => {
  let browser: Browser
  let kit: Kit
  let server: ServerProcess

  beforeAll(async () => {
    ;[browser, kit, server] = await Promise.all([launchChromium(), Kit.build(19), ServerProcess.start()])
  })

  afterAll(async () => {
    await browser?.close()
    await kit?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })

  const visit = (view: string, more: object = {}) => KitVisit.begin(browser, { kit, server, view, ...more })

  test.each([
    ['light', 'light', undefined],
    ['dark', 'dark', undefined],
    ['dark on a light system', 'light', 'dark'],
    ['light on a dark system', 'dark', 'light'],
  ] as const)('axe finds nothing wrong with the parts in %s', async (_, colorScheme, theme) => {
    const view = theme === undefined ? 'everything' : `everything&theme=${theme}`
    // Without motion, so that no colour is looked at while it fades in.
    await using there = await visit(view, { options: { colorScheme, reducedMotion: 'reduce' } })
    const { page } = there
    await there.sees('Connected')
    const kinds = ['success', 'info', 'warning', 'error']
    for (const type of kinds) await there.notify(`A ${type}`, { type, link: '/docs' })
    await there.post('/api/broadcast', { title: 'Maintenance', message: 'At 2' })
    await there.post('/api/activity', { type: 'deploy', message: 'api rolled out' })
    await there.publish('orders/1', { item: 'tea' })
    await page.locator('.tidings-toast').nth(3).waitFor()
    await page.locator('.tidings-row').nth(1).waitFor()
    const isDark = (theme ?? colorScheme) === 'dark'
    const surface = await page
      .locator('.tidings-feed')
      .first()
      .evaluate((feed) => getComputedStyle(feed).backgroundColor)
    expect(surface).toBe(isDark ? 'rgb(24, 28, 33)' : 'rgb(255, 255, 255)')
    expect(await violations(page)).toEqual([])
    const closes = page.getByRole('button', { name: /^Close/ })
    for (let left = await closes.count(); left > 0; left--) await closes.first().press('Escape')
    await page.locator('.tidings-toast').first().waitFor({ state: 'detached' })
    await page.getByRole('button', { name: /^Notifications/ }).click()
    await page.getByRole('dialog').waitFor()
    expect(await violations(page, '.tidings-bell')).toEqual([])
    expect(there.complaints).toEqual([])
  })

  test.each(['light', 'dark'] as const)(
    'axe finds nothing wrong with any banner, and with empty parts, in %s',
    async (colorScheme) => {
      await using there = await visit('banner', { isScripted: true, options: { colorScheme } })
      const { page } = there
      const gap = { reason: 'trimmed', from: 'a', to: 'b', missed: 12 } as const
      const trouble = { code: 'status', status: 403, message: 'You may not read orders/42.' } as const
      const set = (change: Parameters<typeof globalThis.scripted.set>[0]) =>
        page.evaluate((change) => globalThis.scripted.set({ awaySinceMs: 1, ...change }), change)
      const changes = [
        ['lost', { state: 'waiting', attempt: 2, retryAtMs: Date.now() + 600_000 }],
        ['offline', { state: 'offline' }],
        ['paused', { state: 'paused' }],
        ['refused', { state: 'refused', trouble }],
        ['gap', { state: 'live', gap }],
        [
          'returned',
          { state: 'live', gap: undefined, returned: { atMs: Date.now(), awayMs: 9_000, replayed: 7 } },
        ],
      ] as const
      for (const [kind, change] of changes) {
        await set(change)
        await page.locator(`.tidings-banner[data-kind=${kind}]`).waitFor()
        expect(await violations(page)).toEqual([])
      }
      await page.goto(page.url().replace('view=banner', 'view=everything').replace('demo-user', 'nobody'))
      await there.sees('No events yet')
      expect(await violations(page)).toEqual([])
    },
  )

  test('everything is reached by keyboard alone, in the order in which it is seen', async () => {
    await using own = await ServerProcess.start()
    await using there = await visit('everything', { server: own })
    const { page } = there
    await there.sees('Connected')
    await there.post('/api/activity', { type: 'deploy', message: 'api rolled out' })
    await there.notify('Deploy complete', { link: '/docs' })
    await page.locator('.tidings-toast').waitFor()
    await page.getByRole('radio', { name: 'deploy' }).waitFor()
    const names: (string | null)[] = []
    for (let at = 0; at < 8; at++) {
      await page.keyboard.press('Tab')
      names.push(
        await page.evaluate(() => {
          const element = document.activeElement!
          return (
            element.getAttribute('aria-label') ?? element.closest('label')?.textContent ?? element.textContent
          )
        }),
      )
    }
    expect(names).toEqual([
      'Notifications, 1 unread',
      'Pause',
      'Live events',
      'All',
      'Activity',
      'Open: Deploy complete',
      'Open: Deploy complete',
      'Close: Deploy complete',
    ])
    // The choice is a group of radio buttons: the arrows move in it.
    await page.getByRole('radio', { name: 'All' }).focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.getByRole('radio', { name: 'deploy' }).isChecked()).toBe(true)
  })

  test('nothing moves for those who do not want motion', async () => {
    await using there = await visit('toasts', { isScripted: true, options: { reducedMotion: 'reduce' } })
    await there.page.evaluate(() =>
      globalThis.scripted.deliver([
        { type: 'notification', topic: 'user/demo-user', data: { type: 'info', title: 'a', message: 'b' } },
      ]),
    )
    const toast = there.page.locator('.tidings-toast')
    await toast.waitFor()
    expect(await toast.evaluate((element) => getComputedStyle(element).animationName)).toBe('none')
  })

  test('in a window that is too low for them, as one that is enlarged, toasts scroll, and can be reached', async () => {
    const viewport = { width: 640, height: 360 }
    await using there = await visit('toasts', { isScripted: true, withClock: true, options: { viewport } })
    const { page } = there
    // From here on time passes only when the test says so: none of them goes meanwhile.
    await page.clock.pauseAt(Date.now() + 60_000)
    const message = 'A message of some length, with all that anybody needs to know. '.repeat(4)
    await page.evaluate(
      (message) =>
        globalThis.scripted.deliver(
          ['a', 'b', 'c'].map((title) => ({
            type: 'notification',
            topic: 'user/demo-user',
            data: { type: 'info', title, message },
          })),
        ),
      message,
    )
    const place = (name: string) =>
      page.getByRole('button', { name: `Close: ${name}` }).evaluate((element) => {
        element.focus()
        const { top, bottom } = element.getBoundingClientRect()
        return { top, bottom }
      })
    await until('the toasts', async () => {
      await page.clock.runFor(50)
      return (await page.locator('.tidings-toast').count()) === 3
    })
    for (const name of ['c', 'a']) {
      const { top, bottom } = await place(name)
      expect(top).toBeGreaterThanOrEqual(0)
      expect(bottom).toBeLessThanOrEqual(viewport.height)
    }
  })

  test('on a phone the list and the toasts keep to the window', async () => {
    await using there = await visit('everything', { options: { viewport: { width: 360, height: 700 } } })
    const { page } = there
    await there.sees('Connected')
    await there.notify(
      'A title that is so long that it has to be broken, even without_any_space_in_it_to_break_it_at',
    )
    await page.locator('.tidings-toast').waitFor()
    await page.getByRole('button', { name: /^Notifications/ }).click()
    await page.getByRole('dialog').waitFor()
    const wide = await until('no part to be wider than the window', () =>
      page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    )
    expect(wide).toBe(true)
    for (const part of ['.tidings-popover', '.tidings-toast']) {
      const box = (await page.locator(part).first().boundingBox())!
      expect(box.x).toBeGreaterThanOrEqual(0)
      expect(box.x + box.width).toBeLessThanOrEqual(360)
    }
  })
})
