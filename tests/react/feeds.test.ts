import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { Kit } from './kit.ts'
import { KitVisit, type KitVisitOptions } from './kit-visit.ts'

interface LayoutShift extends PerformanceEntry {
  readonly value: number
  readonly sources: readonly {
    readonly node: Node | null
    readonly previousRect: DOMRectReadOnly
    readonly currentRect: DOMRectReadOnly
  }[]
}

describe.skipIf(isChromiumMissing)('feeds', () => {
  let browser: Browser
  let kit: Kit

  beforeAll(async () => {
    ;[browser, kit] = await Promise.all([launchChromium(), Kit.build(19)])
  })

  afterAll(async () => {
    await browser?.close()
    await kit?.[Symbol.asyncDispose]()
  })

  const visit = (server: ServerProcess, view: string, more: Partial<KitVisitOptions> = {}) =>
    KitVisit.begin(browser, { kit, server, view, ...more })

  const rows = ({ page }: KitVisit, part = '.tidings-payload') =>
    page.locator(`.tidings-row ${part}`).allTextContents()

  const shows = (there: KitVisit, expected: readonly unknown[], part?: string) =>
    until(`the rows ${expected}`, async () => String(await rows(there, part)) === String(expected))

  test('show events as they happen, newest on top, and the state of the connection', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'feed')
    await there.sees('Connected')
    await there.sees('No events yet')
    for (const at of [1, 2, 3]) await there.publish('orders/1', { at })
    await shows(there, ['{"at":3}', '{"at":2}', '{"at":1}'])
    await server.kill('SIGKILL')
    await there.sees('Reconnecting')
    await server.start()
    await there.sees('Connected')
    await there.publish('orders/1', { at: 4 })
    await shows(there, ['{"at":4}', '{"at":3}', '{"at":2}', '{"at":1}'])
  })

  test('stand still once somebody has scrolled, and count what is new; the pill leads back', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'feed', { isScripted: true })
    const { page } = there
    const box = page.getByRole('region', { name: 'Live events' })
    await page.evaluate(() => globalThis.scripted.burst(40, 'orders/1'))
    await page.locator('.tidings-row').nth(39).waitFor()
    await box.evaluate((element) => element.scrollTo(0, 200))
    await page.evaluate(() => new Promise(requestAnimationFrame))
    const before = await rows(there)
    const top = () =>
      page
        .locator('.tidings-row')
        .nth(10)
        .evaluate((row) => row.getBoundingClientRect().top)
    const topBefore = await top()
    await page.evaluate(() => globalThis.scripted.burst(12, 'orders/1'))
    const pill = page.getByRole('button', { name: '12 new' })
    await pill.waitFor()
    expect(await rows(there)).toEqual(before)
    expect(await top()).toBe(topBefore)
    await pill.press('Enter')
    await until('the newest', async () => (await rows(there)).length === 52)
    expect(await box.evaluate((element) => [element.scrollTop, element === document.activeElement])).toEqual([
      0,
      true,
    ])
    expect(await page.getByRole('button', { name: /new$/ }).count()).toBe(0)
    // What is new by hundreds has pushed what is shown out of what is kept.
    await box.evaluate((element) => element.scrollTo(0, 200))
    await page.evaluate(() => new Promise(requestAnimationFrame))
    await page.evaluate(() => globalThis.scripted.burst(500, 'orders/1'))
    await page.getByRole('button', { name: '100+ new' }).waitFor()
    await box.evaluate((element) => element.scrollTo(0, 0))
    await page.getByRole('button', { name: /new$/ }).waitFor({ state: 'detached' })
  })

  test('can be paused, as all that moves by itself must be', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'feed', { isScripted: true })
    const { page } = there
    await page.evaluate(() => globalThis.scripted.burst(2, 'orders/1'))
    await shows(there, ['{"at":1}', '{"at":0}'])
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.evaluate(() => globalThis.scripted.burst(3, 'orders/1'))
    await page.getByRole('button', { name: '3 new' }).waitFor()
    expect(await rows(there)).toEqual(['{"at":1}', '{"at":0}'])
    await page.getByRole('button', { name: 'Go on' }).click()
    await shows(there, ['{"at":2}', '{"at":1}', '{"at":0}', '{"at":1}', '{"at":0}'])
  })

  test('the activity feed begins with the last ten, and filters by type, past included', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'connection')
    const tell = (type: string, message: string) => there.post('/api/activity', { type, message })
    for (let at = 0; at < 3; at++) await tell('review', `review ${at}`)
    for (let at = 0; at < 12; at++) await tell('deploy', `deploy ${at}`)
    await there.page.goto(there.page.url().replace('connection', 'activities'))
    await shows(
      there,
      Array.from({ length: 10 }, (_, at) => `deploy ${11 - at}`),
      '.tidings-body',
    )
    await tell('review', 'review 3')
    await there.page.getByText('review 3').waitFor()
    // Three of the four are older than the ten.
    await there.page.getByRole('radio', { name: 'review' }).check()
    await shows(there, ['review 3', 'review 2', 'review 1', 'review 0'], '.tidings-body')
    await tell('deploy', 'deploy 12')
    await tell('review', 'review 4')
    await until('the new one', async () => (await rows(there, '.tidings-body'))[0] === 'review 4')
    expect(await rows(there, '.tidings-body')).not.toContain('deploy 12')
    await there.page.getByRole('radio', { name: 'All' }).check()
    await until('all', async () => (await rows(there, '.tidings-body'))[1] === 'deploy 12')
    expect(there.complaints).toEqual([])
  })

  test('500 events a second move nothing on the page but their own rows, which stay few', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'everything', { isScripted: true })
    const { page } = there
    await there.sees('Nothing new')
    const result = await page.evaluate(async () => {
      let shift = 0
      // A row may be gone by the time that its move is told: then it is known by where it was.
      const feeds = [...document.querySelectorAll('.tidings-feed-box')].map((box) =>
        box.getBoundingClientRect(),
      )
      const isIn = ({ left, right, top }: DOMRectReadOnly) =>
        feeds.some((feed) => left >= feed.left - 1 && right <= feed.right + 1 && top >= feed.top - 1)
      const isRow = ({ node, previousRect, currentRect }: LayoutShift['sources'][number]) => {
        if (node === null) return isIn(previousRect) || isIn(currentRect)
        return (node instanceof Element ? node : node.parentElement)?.closest('.tidings-feed-box') != null
      }
      new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries() as LayoutShift[]) {
          // Rows make room for newer ones: that is what a feed is.
          if (!sources.every(isRow)) shift += value
        }
      }).observe({ type: 'layout-shift', buffered: true })
      const height = document.documentElement.scrollHeight
      let frames = 0
      let changes = 0
      const rows = document.querySelector('.tidings-feed-box')!
      const observer = new MutationObserver(() => changes++)
      observer.observe(rows, { childList: true, subtree: true })
      let at = 0
      // 2,000 events in frames of about eight: as many as in four seconds, as fast as this machine draws.
      while (at < 2_000) {
        globalThis.scripted.burst(8, 'orders/1')
        at += 8
        await new Promise(requestAnimationFrame)
        frames++
      }
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      return {
        shift,
        frames,
        changes,
        isSameHeight: height === document.documentElement.scrollHeight,
        rows: document.querySelectorAll('.tidings-row').length,
        newest: document.querySelector('.tidings-row .tidings-payload')?.textContent,
      }
    })
    expect(result).toMatchObject({ isSameHeight: true, rows: 50, newest: '{"at":7}' })
    expect(result.shift).toBe(0)
    // Mutations are told once after each render: no more renders than frames, but for the last one.
    expect(result.changes).toBeLessThanOrEqual(result.frames + 2)
    expect(there.complaints).toEqual([])
  })
})
