import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { Kit } from './kit.ts'
import { KitVisit, type KitVisitOptions } from './kit-visit.ts'

describe.skipIf(isChromiumMissing)('toasts', () => {
  let browser: Browser
  let kit: Kit
  let server: ServerProcess
  let probes = 0

  beforeAll(async () => {
    ;[browser, kit, server] = await Promise.all([launchChromium(), Kit.build(19), ServerProcess.start()])
  })

  afterAll(async () => {
    await browser?.close()
    await kit?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })

  const visit = async (more: Partial<KitVisitOptions> = {}) => {
    const begun = await KitVisit.begin(browser, { kit, server, view: 'toasts', ...more })
    // From here on time passes only when the test says so.
    if (more.withClock) await begun.page.clock.pauseAt(Date.now() + 60_000)
    return begun
  }

  const toasts = ({ page }: KitVisit) => page.locator('.tidings-toast .tidings-title').allTextContents()

  const shown = (there: KitVisit, expected: readonly string[]) =>
    until(`the toasts ${expected}`, async () => String(await toasts(there)) === String(expected))

  /**
   * Waits until one tab speaks and the other keeps quiet: what comes while the browser still passes the word on may be
   * shown in either.
   */
  const speaks = async (there: KitVisit, silent: KitVisit) => {
    for (;;) {
      const name = `probe ${probes++}`
      await there.notify(name)
      await until('the probe', async () =>
        (await Promise.all([toasts(there), toasts(silent)])).flat().includes(name),
      )
      if (!(await toasts(silent)).includes(name)) return
    }
  }

  /** Delivers notifications by the scripted stream, all in one turn. */
  const deliver = ({ page }: KitVisit, names: readonly string[], isReplayed = false) =>
    page.evaluate(
      ([names, isReplayed]) =>
        globalThis.scripted.deliver(
          names.map((title) => ({
            type: 'notification',
            topic: 'user/demo-user',
            data: { type: 'info', title, message: 'A message' },
            isReplayed,
          })),
        ),
      [names, isReplayed] as const,
    )

  test('show what comes for the user and for everybody, politely', async () => {
    await using there = await visit()
    await until('the stream', async () => (await there.openStreams()) === 1)
    await there.notify('Deploy complete', { link: '/docs' })
    await shown(there, ['Deploy complete'])
    // Pointed at, they stay for as long as this takes.
    await there.page.locator('.tidings-toast').hover()
    const spoken = there.page.getByRole('status')
    await until(
      'it to be said',
      async () => (await spoken.textContent()) === 'Success: Deploy complete. A message',
    )
    await there.post('/api/broadcast', { title: 'Maintenance', message: 'At 2' })
    await shown(there, ['Deploy complete', 'Maintenance'])
    await until(
      'it to be said',
      async () => (await spoken.textContent()) === 'Announcement: Maintenance. At 2',
    )
    expect(await there.page.getByRole('link', { name: 'Open: Deploy complete' }).getAttribute('href')).toBe(
      '/docs',
    )
    await there.page.getByRole('button', { name: 'Close: Deploy complete' }).click()
    await shown(there, ['Maintenance'])
    expect(there.complaints).toEqual([])
  })

  test('more than three at once are three, and one that counts the others', async () => {
    await using there = await visit({ isScripted: true, withClock: true })
    await deliver(
      there,
      Array.from({ length: 50 }, (_, at) => `n${at}`),
    )
    await there.page.clock.runFor(200)
    await shown(there, ['n0', 'n1', 'n2', '47 more notifications'])
    await deliver(there, ['late'])
    await there.page.clock.runFor(200)
    await shown(there, ['n0', 'n1', 'n2', '48 more notifications'])
  })

  test('go after seven seconds, and not while one is pointed at or has the focus', async () => {
    await using there = await visit({ isScripted: true, withClock: true })
    const { page } = there
    await deliver(there, ['a'])
    await page.clock.runFor(200)
    await shown(there, ['a'])
    await page.locator('.tidings-toast').hover()
    await page.clock.runFor(60_000)
    await shown(there, ['a'])
    await page.getByRole('button', { name: 'Close: a' }).focus()
    await page.mouse.move(5, 5)
    await page.clock.runFor(60_000)
    await shown(there, ['a'])
    await page.getByRole('button', { name: 'On the page' }).focus()
    await page.clock.runFor(6_500)
    await shown(there, ['a'])
    await page.clock.runFor(1_000)
    await shown(there, [])
  })

  test('closed by keyboard, the focus goes to the next one, and back to the page from the last', async () => {
    await using there = await visit({ isScripted: true })
    const { page } = there
    await deliver(there, ['a', 'b'])
    await shown(there, ['a', 'b'])
    await page.getByRole('button', { name: 'On the page' }).focus()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await shown(there, ['b'])
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    expect(await focused()).toBe('Close: b')
    await page.keyboard.press('Escape')
    await shown(there, [])
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('On the page')
  })

  test('what was missed is one toast, once all of it is there; a single one is itself', async () => {
    await using there = await visit({ isScripted: true, withClock: true })
    const { page } = there
    await page.evaluate(() => globalThis.scripted.set({ state: 'catching-up' }))
    await deliver(
      there,
      Array.from({ length: 30 }, (_, at) => `m${at}`),
      true,
    )
    await page.clock.runFor(500)
    await deliver(
      there,
      Array.from({ length: 20 }, (_, at) => `n${at}`),
      true,
    )
    await page.clock.runFor(500)
    await shown(there, [])
    await page.evaluate(() => {
      globalThis.scripted.set({ state: 'live' })
      globalThis.scripted.say('live', { cursor: '', replayed: 50 })
    })
    await deliver(there, ['news'])
    await page.clock.runFor(200)
    await shown(there, ['50 notifications while you were away', 'news'])
    await page.clock.runFor(8_000)
    await shown(there, [])
    await deliver(there, ['alone'], true)
    await page.clock.runFor(200)
    await shown(there, ['alone'])
  })

  test('after a real absence there is one toast for all that was missed', async () => {
    await using own = await ServerProcess.start()
    await using there = await visit({ server: own, view: 'everything' })
    await there.sees('Connected')
    await there.notify('before')
    await shown(there, ['before'])
    const proxy = there.page.context()
    await proxy.setOffline(true)
    await there.sees('Offline')
    for (let at = 0; at < 7; at++) await there.notify(`n${at}`)
    await proxy.setOffline(false)
    await until('the summary', async () =>
      (await toasts(there)).includes('7 notifications while you were away'),
    )
    // The one before may be gone by now: it stays for seven seconds.
    expect((await toasts(there)).filter((title) => /^n\d$/.test(title))).toEqual([])
  })

  test('two tabs side by side show each toast once, in the one that had the focus last', async () => {
    await using one = await visit()
    await using other = await visit({ context: one.page.context() })
    await until('both streams', async () => (await one.openStreams()) === 2)
    await other.page.bringToFront()
    await other.page.evaluate(() => dispatchEvent(new Event('focus')))
    await speaks(other, one)
    await one.notify('first')
    await until('the first', async () => (await toasts(other)).includes('first'))
    expect(await toasts(one)).not.toContain('first')
    await one.page.bringToFront()
    await one.page.evaluate(() => dispatchEvent(new Event('focus')))
    await speaks(one, other)
    await one.notify('second')
    await until('the second', async () => (await toasts(one)).includes('second'))
    expect(await toasts(other)).not.toContain('second')
    // The tab that speaks is closed: the other one takes over.
    await one.page.close()
    await other.notify('third')
    await until('the third', async () => (await toasts(other)).includes('third'))
  })

  test('a tab that nobody sees keeps quiet, and sums up when it is seen', async () => {
    await using there = await visit({ isScripted: true, withClock: true })
    const { page } = there
    const setHidden = (isHidden: boolean) =>
      page.evaluate((hidden) => {
        const state = hidden ? 'hidden' : 'visible'
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state })
        document.dispatchEvent(new Event('visibilitychange'))
      }, isHidden)
    await setHidden(true)
    await deliver(there, ['a', 'b', 'c'])
    await page.clock.runFor(60_000)
    expect(await toasts(there)).toEqual([])
    await setHidden(false)
    // The lock comes in its own time, and the frame after it in the page's.
    await until('the summary', async () => {
      await page.clock.runFor(50)
      return String(await toasts(there)) === '3 notifications while you were away'
    })
  })
})
