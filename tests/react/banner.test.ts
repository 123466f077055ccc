import type { Status } from '@tidings/client'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { Kit } from './kit.ts'
import { KitVisit } from './kit-visit.ts'

describe.skipIf(isChromiumMissing)('the banner of the connection', () => {
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

  /** A page whose clock stands still unless the test turns it, with a banner over a stream that the test plays. */
  async function begin(): Promise<KitVisit> {
    const visit = await KitVisit.begin(browser, {
      kit,
      server,
      view: 'banner',
      isScripted: true,
      withClock: true,
    })
    await visit.page.getByRole('heading').waitFor()
    await visit.page.clock.pauseAt(Date.now() + 60_000)
    return visit
  }

  /** Sets the status; times are given relative to the page's clock. */
  async function set({ page }: KitVisit, change: Partial<Status>): Promise<void> {
    await page.evaluate((change) => {
      const at = (ms: number | undefined) => (ms === undefined ? undefined : Date.now() + ms)
      globalThis.scripted.set({
        ...change,
        ...('retryAtMs' in change && { retryAtMs: at(change.retryAtMs) }),
        ...('awaySinceMs' in change && { awaySinceMs: at(change.awaySinceMs) }),
        ...(change.returned !== undefined && { returned: { ...change.returned, atMs: Date.now() } }),
      })
    }, change)
    await page.clock.runFor(100)
  }

  const text = ({ page }: KitVisit) => page.locator('.tidings-banner').innerText()

  const says = (there: KitVisit, words: string | RegExp) =>
    until(`the banner to say ${words}`, async () => {
      const found = await text(there)
      return typeof words === 'string' ? found.includes(words) : words.test(found)
    })

  test('is silent for three seconds, then says when it tries again, and tries now if it is told to', async () => {
    await using there = await begin()
    const { page } = there
    expect(await text(there)).toBe('')
    await set(there, { state: 'waiting', attempt: 1, awaySinceMs: 0, retryAtMs: 8_000 })
    await page.clock.runFor(2_800)
    expect(await text(there)).toBe('')
    await page.clock.runFor(200)
    await says(there, 'The connection is lost.')
    await says(there, 'Next try in 5 s.')
    await page.clock.runFor(3_000)
    await says(there, 'Next try in 2 s.')
    // Seconds are shown, and not read out.
    expect(await page.getByRole('status').innerText()).not.toContain('Next try')
    await page.getByRole('button', { name: 'Try now' }).click()
    expect(await page.evaluate(() => globalThis.scripted.calls)).toContain('reconnect')
    expect(there.complaints).toEqual([])
  })

  test('says nothing of an absence that is over sooner', async () => {
    await using there = await begin()
    await set(there, { state: 'waiting', attempt: 1, awaySinceMs: 0, retryAtMs: 1_000 })
    await there.page.clock.runFor(2_000)
    await set(there, {
      state: 'live',
      awaySinceMs: undefined,
      retryAtMs: undefined,
      returned: { atMs: 0, awayMs: 2_100, replayed: 3 },
    })
    await there.page.clock.runFor(5_000)
    expect(await text(there)).toBe('')
  })

  test('says how many were missed when the connection is back, shows them, and is quiet again', async () => {
    await using there = await begin()
    const { page } = there
    await set(there, { state: 'live', returned: { atMs: 0, awayMs: 60_000, replayed: 7 } })
    await says(there, 'You missed 7 events: here they are.')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('shown').waitFor()
    await page.clock.runFor(10_000)
    await says(there, /^$/)
    await set(there, { returned: { atMs: 0, awayMs: 60_000, replayed: 1 } })
    await says(there, 'You missed 1 event: here it is.')
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await says(there, /^$/)
  })

  test('says at once why it is refused', async () => {
    await using there = await begin()
    const trouble = { code: 'status', status: 403, message: 'You may not read orders/42.' } as const
    await set(there, { state: 'refused', awaySinceMs: 0, trouble })
    await says(there, 'Live updates are off: you may not see all that this page asks for.')
    await set(there, { trouble: { ...trouble, status: 401 } })
    await says(there, 'you are not signed in')
    await set(there, { trouble: { code: 'media-type', message: 'The answer is no event stream.' } })
    await says(there, 'Live updates are off: The answer is no event stream.')
    await there.page.getByRole('button', { name: 'Try again' }).click()
    expect(await there.page.evaluate(() => globalThis.scripted.calls)).toContain('reconnect')
  })

  test('says that the device is offline, that the app has paused, that the first try takes long', async () => {
    await using there = await begin()
    const { page } = there
    await set(there, { state: 'offline', awaySinceMs: -3_000 })
    await says(there, 'You are offline.')
    await set(there, { state: 'paused', awaySinceMs: -3_000 })
    await says(there, 'Paused.')
    await page.getByRole('button', { name: 'Go on' }).click()
    expect(await page.evaluate(() => globalThis.scripted.calls)).toContain('resume')
    await set(there, { state: 'connecting', awaySinceMs: -3_000 })
    await says(there, 'Connecting is taking longer than usual.')
  })

  test('says that events are gone for good, and has them loaded again', async () => {
    await using there = await begin()
    const { page } = there
    const gap = { reason: 'trimmed', from: 'a', to: 'b', missed: 12 } as const
    await set(there, { state: 'live', gap })
    await says(there, 'up to 12 updates missing')
    await page.getByRole('button', { name: 'Reload' }).click()
    await page.getByText('reloaded').waitFor()
    await page.clock.runFor(100)
    await says(there, /^$/)
    await set(there, { gap: { ...gap, reason: 'epoch', missed: null } })
    await says(there, 'some updates are missing')
    await page.getByRole('button', { name: 'Dismiss' }).click()
    expect(
      await page.evaluate(() => globalThis.scripted.calls.filter((call) => call === 'dismissGap')),
    ).toHaveLength(2)
  })

  test('over a real connection: lost, and back with what was missed', async () => {
    await using own = await ServerProcess.start()
    await using there = await KitVisit.begin(browser, { kit, server: own, view: 'banner' })
    await until('the stream', async () => (await there.openStreams()) === 1)
    await own.kill('SIGKILL')
    await says(there, 'The connection is lost.')
    await own.start()
    await says(there, 'Connected again. You missed nothing.')
  })
})
