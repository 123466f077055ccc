import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { Kit } from './kit.ts'
import { KitVisit, type KitVisitOptions } from './kit-visit.ts'

/** Every way in which a text has become markup somewhere. */
const hostile = `"><img src=x onerror="globalThis.wasRun=1"><script>globalThis.wasRun=1</script>`

describe.skipIf(isChromiumMissing)('the inbox', () => {
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

  const titles = (there: KitVisit) => there.page.getByRole('listitem').allTextContents()

  test('has what was sent before and what comes, newest first, each once', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'connection')
    for (const title of ['one', 'two']) await there.notify(title)
    await there.page.goto(there.page.url().replace('connection', 'inbox'))
    await there.sees('2 of 2 unread')
    await there.notify('three')
    await there.sees('3 of 3 unread')
    expect(await titles(there)).toEqual(['three', 'two', 'one'])
    expect(await there.page.getByTestId('count').textContent()).toBe('3')
    expect(there.complaints).toEqual([])
  })

  test('loads older pages as long as there are any', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'connection')
    for (let at = 0; at < 45; at++) await there.notify(`n${at}`)
    await there.page.goto(there.page.url().replace('connection', 'inbox'))
    await there.sees('20 of 20 unread, and more')
    await there.page.getByRole('button', { name: 'Older' }).click()
    await there.sees('40 of 40 unread, and more')
    await there.page.getByRole('button', { name: 'Older' }).click()
    await there.sees('45 of 45 unread')
    expect(await titles(there)).toEqual(Array.from({ length: 45 }, (_, at) => `n${44 - at}`))
  })

  test('what is read stays read after a reload, and in the other tabs, but not for another user', async () => {
    await using server = await ServerProcess.start()
    await using one = await visit(server, 'inbox')
    await until('the stream', async () => (await one.openStreams()) === 1)
    await one.post('/api/notifications/someone', { type: 'info', title: 'x', message: 'y' })
    for (const title of ['a', 'b', 'c']) await one.notify(title)
    await one.sees('3 of 3 unread')
    await using other = await visit(server, 'inbox', { context: one.page.context() })
    await other.sees('3 of 3 unread')
    await one.page.getByRole('button', { name: 'b', exact: true }).click()
    for (const tab of [one, other]) await tab.sees('2 of 3 unread')
    expect(await other.page.getByRole('button', { name: 'b', exact: true }).getAttribute('data-unread')).toBe(
      'false',
    )
    await other.page.getByRole('button', { name: 'All read' }).click()
    for (const tab of [one, other]) await tab.sees('0 of 3 unread')
    await one.page.reload()
    await one.sees('0 of 3 unread')
    await one.notify('d')
    for (const tab of [one, other]) await tab.sees('1 of 4 unread')
    await other.page.goto(`${other.page.url()}&user=someone`)
    await other.sees('1 of 1 unread')
  })

  test('is loaded again after a gap', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'inbox', { isScripted: true })
    await there.sees('0 of 0 unread')
    // The scripted stream brings nothing: only a load can.
    await there.notify('missed')
    expect(await titles(there)).toEqual([])
    await there.page.evaluate(() => globalThis.scripted.say('gap', { reason: 'trimmed' }))
    await there.sees('1 of 1 unread')
  })

  test('an error is told, and "try again" mends it', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'bell', { isScripted: true })
    await there.notify('one')
    let isBroken = true
    await there.page.route(`${server.url}/api/notifications/**`, (route) =>
      isBroken
        ? route.fulfill({ status: 403, json: { code: 'forbidden', detail: 'Not yours.' } })
        : route.continue(),
    )
    await there.page.reload()
    await there.page.getByRole('button', { name: 'Notifications' }).click()
    await there.sees('Notifications could not be loaded.')
    isBroken = false
    await there.page.getByRole('button', { name: 'Try again' }).click()
    await there.page.getByRole('dialog').getByText('one').waitFor()
    expect(await there.page.getByText('could not be loaded').count()).toBe(0)
  })

  test('the bell is worked by keyboard alone, says how many are unread, and gives the focus back', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'bell')
    await until('the stream', async () => (await there.openStreams()) === 1)
    const { page } = there
    const bell = page.getByRole('button', { name: /^Notifications/ })
    for (const title of ['one', 'two', 'three']) await there.notify(title, { link: '/docs' })
    await page.getByRole('button', { name: 'Notifications, 3 unread', expanded: false }).waitFor()
    const focused = () => page.evaluate(() => document.activeElement?.textContent)
    await page.getByRole('button', { name: 'Before' }).focus()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Notifications' })
    await dialog.waitFor()
    await until('the focus', () => dialog.evaluate((element) => element === document.activeElement))
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Mark all as read')
    await page.keyboard.press('Tab')
    expect(
      await page
        .getByRole('link', { name: 'Open: three' })
        .evaluate((link) => link === document.activeElement),
    ).toBe(true)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await until('the focus', () => bell.evaluate((element) => element === document.activeElement))
    // What was shown has been seen.
    await page.getByRole('button', { name: 'Notifications', exact: true, expanded: false }).waitFor()

    // Tabbing out of it closes it too, and leaves the focus where it went.
    await page.keyboard.press('Space')
    await dialog.waitFor()
    for (let at = 0; at < 4; at++) await page.keyboard.press('Tab')
    await dialog.waitFor({ state: 'detached' })
    expect(await focused()).toBe('After')
    expect(there.complaints).toEqual([])
  })

  test('"mark all as read" keeps the focus in the list; a click elsewhere closes it', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'bell')
    await until('the stream', async () => (await there.openStreams()) === 1)
    const { page } = there
    await there.notify('one')
    await page.getByRole('button', { name: 'Notifications, 1 unread' }).click()
    await page.getByRole('button', { name: 'Mark all as read' }).click()
    await page.getByRole('button', { name: 'Notifications', exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Notifications' }).click()
    await page.getByRole('heading').click({ position: { x: 5, y: 5 } })
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  test('text stays text, and only links to the web or to this site can be followed', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'bell')
    await until('the stream', async () => (await there.openStreams()) === 1)
    const { page } = there
    const send = (title: string, link: unknown) =>
      there.publish('user/demo-user', { type: 'info', title, message: hostile, link }, 'notification')
    // The API refuses such links; any program that may publish to the topic can bring them all the same.
    const links = [
      'javascript:globalThis.wasRun=1',
      '//evil.example/x',
      '/\\evil.example',
      'data:text/html,x',
      7,
    ]
    for (const link of links) await send(hostile, link)
    await send('path', '/docs?a=1')
    await send('web', 'https://example.org/a')
    await page.getByRole('button', { name: 'Notifications, 7 unread' }).click()
    const found = await page
      .getByRole('link')
      .evaluateAll((all) => all.map((each) => each.getAttribute('href')))
    expect(found).toEqual(['https://example.org/a', '/docs?a=1'])
    expect(await page.getByText(hostile).count()).toBe(2 * links.length + 2)
    expect(await page.evaluate(() => 'wasRun' in globalThis)).toBe(false)
    expect(there.complaints).toEqual([])
  })

  test('words, items and the empty list can be given in another language and form', async () => {
    await using server = await ServerProcess.start()
    await using there = await visit(server, 'german')
    const { page } = there
    await until('the stream', async () => (await there.openStreams()) === 1)
    await page.getByRole('button', { name: 'Mitteilungen, 0 ungelesen' }).click()
    await there.sees('Gar nichts')
    await there.notify('Fertig')
    await page.getByText('» Fertig').waitFor()
    await page.getByRole('button', { name: 'Mitteilungen, 1 ungelesen' }).waitFor()
    expect(await page.locator('.tidings-bell.mine').count()).toBe(1)
  })
})
