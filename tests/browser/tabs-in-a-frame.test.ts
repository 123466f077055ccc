import { BadServer, silentAfter } from '@tidings/conformance/bad-server'
import type { Browser, Frame } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { until } from '../support/until.ts'
import { buildTab, tabPage } from './tabs.ts'

declare global {
  /** How often the frame has asked for a lock. */
  var asked: number
}

const minute = 60_000

/** A document without an origin of its own: it has the interface of locks, and every request for one is denied. */
const page = `<!doctype html><title>a page with a frame</title>
<iframe sandbox="allow-scripts" src="/frame/tab.html"></iframe>`

/** Where a frame that is denied its locks would ask for ever, this lets it do so only some hundred times. */
function countLocks(): void {
  const { locks } = navigator
  if (locks === undefined) return
  const request = locks.request.bind(locks)
  globalThis.asked = 0
  locks.request = ((...parts: Parameters<typeof request>) => {
    globalThis.asked++
    return globalThis.asked > 200 ? new Promise(() => {}) : request(...parts)
  }) as typeof request
}

describe.skipIf(isChromiumMissing)('a frame that may have no locks', () => {
  let browser: Browser
  let scripts: ReadonlyMap<string, string>

  beforeAll(async () => {
    scripts = await buildTab()
    // A document that a test answers for comes from nowhere, and from there nobody reaches this machine.
    browser = await launchChromium(['--disable-features=LocalNetworkAccessChecks'])
  })

  afterAll(() => browser?.close())

  test(
    'shares with nobody, gets its events, and does not ask for locks again and again',
    async () => {
      await using server = await BadServer.start({ cors: true, page })
      const url = server.script(silentAfter('data: 1\n\ndata: 2\n\n'))
      await using context = await browser.newContext()
      await context.addInitScript(countLocks)
      await context.route('**/frame/tab.html', (route) =>
        route.fulfill({ contentType: 'text/html', body: tabPage({ url, shared: true }) }),
      )
      for (const [name, body] of scripts)
        await context.route(`**/frame/${name}`, (route) =>
          // What has no origin may load scripts only from where every origin may.
          route.fulfill({
            contentType: 'text/javascript',
            headers: { 'Access-Control-Allow-Origin': '*' },
            body,
          }),
        )
      const top = await context.newPage()
      await top.goto(server.origin)
      const frame = top.frames().find((each) => each !== top.mainFrame())!
      await until('both events', async () => `${await got(frame)}` === '1,2')
      expect(await frame.evaluate(lockError)).toBe('SecurityError')
      expect(await frame.evaluate(() => globalThis.stream.status)).toMatchObject({
        state: 'live',
        role: 'leader',
      })
      // One for itself, one for the lead, and the one that was asked for here.
      expect(await frame.evaluate(() => globalThis.asked)).toBe(3)
      expect(server.requestsTo(url)).toHaveLength(1)
    },
    2 * minute,
  )
})

function got(frame: Frame): Promise<number[] | undefined> {
  return frame.evaluate(() => globalThis.got)
}

/** What a request for a lock fails with, in the frame. */
async function lockError(): Promise<string> {
  return navigator.locks.request('any', () => 'granted').catch(({ name }: Error) => name)
}
