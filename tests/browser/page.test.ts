import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildConsoleIfStale } from '../../scripts/build-console.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { Visit } from './visit.ts'

const run = promisify(execFile)
const isCurlMissing = spawnSync('curl', ['--version']).error !== undefined

/** Every way in which a text has become markup somewhere, and one that browsers follow when it is clicked. */
const hostile = `"><img src=x onerror="globalThis.wasRun=1"><script>globalThis.wasRun=1</script>{{7*7}}`
const hostileLink = 'javascript:globalThis.wasRun=1'

describe.skipIf(isChromiumMissing)('the page at the root of the server', () => {
  let browser: Browser

  beforeAll(async () => {
    await buildConsoleIfStale()
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  test('what the form sends appears in its section', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await page.getByRole('radio', { name: 'warning' }).check()
    await page.getByRole('textbox', { name: 'Title' }).fill('Disk almost full')
    await page.getByRole('textbox', { name: 'Link' }).fill('/docs')
    await page.getByRole('button', { name: 'Send notification' }).click()
    await page.locator('.tidings-toast', { hasText: 'Disk almost full' }).waitFor()
    await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor()
    await visit.inboxShows('Disk almost full')
    const item = page.locator('#notifications .tidings-item')
    expect(await item.getByRole('img', { name: 'Warning' }).count()).toBe(1)
    expect(await item.getByRole('link').getAttribute('href')).toBe('/docs')
    await page.getByText(/^On disk: answered after \d+ ms, on this page after \d+ ms$/).waitFor()

    await visit.send('Announcement')
    await visit.announcementsShow('Scheduled maintenance')
    await visit.send('Update')
    await page.locator('#announcement-list').getByText('{"orders":128,"revenue":4210.5}').waitFor()
    await visit.send('Activity')
    await visit.activitiesShow('api rolled out to 3 of 3 regions')
    await visit.send('Any event')
    await page.locator('#tail-list').getByText('{"by":"train","parcels":2}').waitFor()
    expect(visit.complaints).toEqual([])
  })

  test('what any program sends appears too, announcements in a colour of their own', async () => {
    await using visit = await Visit.begin(browser)
    await visit.notify('Deploy Complete')
    await visit.post('/api/broadcast', { title: 'Scheduled Maintenance', message: 'At 2am UTC' })
    await visit.inboxShows('Deploy Complete')
    await visit.announcementsShow('Scheduled Maintenance')
    const colours = await visit.page.$$eval(
      '#notifications .tidings-title, #announcement-list h4',
      (titles) => titles.map((title) => getComputedStyle(title).color),
    )
    expect(new Set(colours).size).toBe(2)
    expect(visit.complaints).toEqual([])
  })

  test('each section has a button that sends one of its kind', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await page.getByRole('button', { name: 'Send a notification' }).click()
    await visit.inboxShows('Deploy complete')
    await page.getByRole('button', { name: 'Announce', exact: true }).click()
    await visit.announcementsShow('Scheduled maintenance')
    await page.getByRole('button', { name: 'Add an activity' }).click()
    await visit.activitiesShow('api 2.3.1 rolled out to 3 of 3 regions')
  })

  test('what was sent before the page was opened is there, newest on top', async () => {
    await using server = await ServerProcess.start()
    await using first = await Visit.begin(browser, { server })
    for (const title of ['one', 'two', 'three']) await first.notify(title)
    await using second = await Visit.begin(browser, { server })
    await second.inboxShows('three', 'two', 'one')
    expect(await second.page.getByText('while away').count()).toBe(0)
  })

  test('opening the inbox and closing it reads it, and a reload knows that', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await visit.notify('unread')
    const bell = page.getByRole('button', { name: /^Notifications, 1 unread/ })
    await bell.click()
    await page.getByRole('dialog', { name: 'Notifications' }).getByText('unread', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Notifications', exact: true }).waitFor()
    await page.reload()
    await visit.isLive()
    await visit.inboxShows('unread')
    await page.getByRole('button', { name: 'Notifications', exact: true }).waitFor()
    expect(await page.getByRole('button', { name: /unread/ }).count()).toBe(0)
  })

  test.skipIf(isCurlMissing)('the curl line beside the form does what the form does', async () => {
    await using visit = await Visit.begin(browser)
    const title = `It's "done" at $HOME \`date\` \\ ✓`
    await visit.page.getByRole('textbox', { name: 'Title' }).fill(title)
    const command = await visit.page.locator('.composer .command-line code').textContent()
    await run('sh', ['-c', command!])
    await visit.inboxShows(title)
  })

  test('the processor and memory of the machine are lines that move', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    for (const figure of ['#cpu-now', '#memory-now']) {
      await until('a figure', async () => /^\d+\.\d$/.test((await page.textContent(figure)) ?? ''))
    }
    await page.locator('#machine canvas').scrollIntoViewIfNeeded()
    const drawing = () => page.$eval('#machine canvas', (canvas: HTMLCanvasElement) => canvas.toDataURL())
    // Twice: the first change could be the line's first appearance.
    for (let turn = 0; turn < 2; turn++) {
      const before = await drawing()
      await until('the line to move', async () => (await drawing()) !== before)
    }
    expect(visit.complaints).toEqual([])
  })

  test('the market has prices and alerts, and the clock goes', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await page.locator('.quote').nth(2).waitFor()
    for (const moving of ['.quotes', '#clock-now']) {
      const before = await page.textContent(moving)
      await until(`${moving} to change`, async () => (await page.textContent(moving)) !== before)
    }
    expect(await page.textContent('#clock-now')).toMatch(/^\d\d:\d\d:\d\d$/)
    // Alerts come by chance, one in fifteen seconds: that none comes in five minutes happens once in a thousand million times.
    await page.locator('.alert').first().waitFor({ timeout: 300_000 })
  }, 400_000)

  test('the activity feed shows one type, of what was and of what comes', async () => {
    await using visit = await Visit.begin(browser)
    await visit.act('deploy', 'deploy 1')
    await visit.act('commit', 'commit 1')
    await visit.activitiesShow('commit 1', 'deploy 1')
    await visit.page.locator('#activity').getByRole('radio', { name: 'deploy' }).check()
    await visit.activitiesShow('deploy 1')
    await visit.act('commit', 'commit 2')
    await visit.act('deploy', 'deploy 2')
    await visit.activitiesShow('deploy 2', 'deploy 1')
    await visit.page.locator('#activity').getByRole('radio', { name: 'All' }).check()
    await visit.activitiesShow('deploy 2', 'commit 2', 'commit 1', 'deploy 1')
  })

  test('who reads further down is not moved: what is new waits behind a pill', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    for (let turn = 1; turn <= 30; turn++) await visit.act('deploy', `deploy ${turn}`)
    await page.locator('#activity').getByText('deploy 30', { exact: true }).waitFor()
    await page.locator('#activity .tidings-feed-box').evaluate(scrollDown)
    await visit.act('deploy', 'deploy 31')
    await visit.act('deploy', 'deploy 32')
    const pill = page.getByRole('button', { name: '2 new' })
    await pill.waitFor()
    expect(await page.getByText('deploy 31', { exact: true }).count()).toBeLessThanOrEqual(1)
    await pill.click()
    await page.locator('#activity').getByText('deploy 32', { exact: true }).waitFor()
  })

  test('the tail begins with the newest lines, and has each as it comes', async () => {
    await using server = await ServerProcess.start()
    await using first = await Visit.begin(browser, { server })
    for (let line = 1; line <= 30; line++) await first.log(`line ${line}`)
    await using visit = await Visit.begin(browser, { server })
    await visit.tailShows(...numbered(17, 30))
    await visit.log('line 31')
    await visit.tailShows(...numbered(18, 31))
  })

  test('a tail that is paused stands still, and counts what comes', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    for (let line = 1; line <= 20; line++) await visit.log(`line ${line}`)
    await visit.tailShows(...numbered(7, 20))
    await page.getByRole('button', { name: 'Pause' }).click()
    await visit.tailShows(...numbered(1, 20))
    await visit.log('line 21')
    await page.getByText('Paused, 1 new').waitFor()
    await visit.tailShows(...numbered(1, 20))
    await page.locator('#tail').getByRole('button', { name: 'Go on' }).click()
    await visit.tailShows(...numbered(8, 21))
  })

  test('the tail follows any pattern, shows what has a word, and says why it can’t follow', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await visit.log('wanted 1')
    await visit.log('other')
    await visit.tailShows('wanted 1', 'other')
    await page.getByLabel('Filter').fill('wanted')
    await visit.log('wanted 2')
    await visit.tailShows('wanted 1', 'wanted 2')
    await page.getByLabel('Filter').fill('')

    await page.getByLabel('Topic or pattern').fill('logs/*')
    await page.getByRole('button', { name: 'Follow', exact: true }).click()
    await page.getByText('Following logs/*', { exact: true }).waitFor()
    await visit.act('deploy', 'not a log')
    await visit.log('a log')
    await visit.tailShows('wanted 1', 'other', 'wanted 2', 'a log')

    await page.getByLabel('Topic or pattern').fill('logs/*app')
    await page.getByRole('button', { name: 'Follow', exact: true }).click()
    await page.getByText('has "*" inside a segment').waitFor()
  })

  test('the tail has what comes between its first page and its place on the stream', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    const follow = async (pattern: string) => {
      await page.getByLabel('Topic or pattern').fill(pattern)
      await page.getByRole('button', { name: 'Follow', exact: true }).click()
      await page.getByText(`Following ${pattern}`, { exact: true }).waitFor()
    }
    await visit.log('before')
    await visit.tailShows('before')
    await follow('nothing/*')
    await visit.tailShows()
    await page.route('**/streams/*', async (route) => {
      if (route.request().postData()?.includes('"logs/*"')) await visit.log('between')
      await route.continue()
    })
    await follow('logs/*')
    await visit.tailShows('before', 'between')
    await visit.log('after')
    await visit.tailShows('before', 'between', 'after')
  })

  test('the code beside each section uses what the packages have, and can be copied', async () => {
    const options = { permissions: ['clipboard-read', 'clipboard-write'] }
    await using visit = await Visit.begin(browser, { options })
    const { page } = visit
    const cards = await page.locator('.code-card').all()
    expect(cards).toHaveLength(9)
    const imported = new Set<string>()
    const tabs = await Promise.all(cards.map((card) => card.getByRole('tab').all()))
    // A button says for a while that it has copied: meanwhile it is the turn of the other cards.
    for (let turn = 0; tabs.some((of) => turn < of.length); turn++) {
      for (const [index, card] of cards.entries()) {
        const tab = tabs[index]![turn]
        if (tab === undefined) continue
        await tab.click()
        await until('it to be copied', async () => {
          await card.getByRole('button', { name: /^Cop(y|ied): / }).click()
          return card.getByRole('button', { name: /^Copied: / }).isVisible()
        })
        const code = await page.evaluate(() => navigator.clipboard.readText())
        expect(code).toBe(await card.locator('pre').textContent())
        for (const [, names, module] of code.matchAll(/import \{([^}]+)\} from '(@tidings\/[^']+)'/g)) {
          for (const name of names!.split(',')) imported.add(`${module} ${name.trim()}`)
        }
      }
    }
    for (const pair of imported) {
      const [module, name] = pair.split(' ')
      if (name !== '') expect(await import(module!), pair).toHaveProperty(name!)
    }
    expect(imported).toContain('@tidings/client connect')
    expect(imported).toContain('@tidings/react/components NotificationBell')
  })

  test('whatever an event holds is shown as text', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    const data = { type: hostile, title: hostile, message: hostile, link: hostileLink }
    await visit.publish('user/demo-user', 'notification', data)
    await visit.publish('user/demo-user', 'notification', [hostile])
    await visit.publish('broadcast', 'announcement', data)
    await visit.publish('broadcast', 'update', { [hostile]: hostile })
    await visit.publish('activity/x', 'activity', { type: hostile, message: hostile })
    await visit.publish('logs/x', 'message', hostile)
    for (const list of ['#notifications .inbox', '#announcement-list', '#activity .feed', '#tail-list']) {
      await until(`the text in ${list}`, async () => {
        return (await page.textContent(list))?.includes('<script>globalThis.wasRun=1</script>')
      })
      expect(await page.locator(`${list} :is(script, img, iframe, a)`).count()).toBe(0)
    }
    expect(await page.evaluate(() => 'wasRun' in globalThis)).toBe(false)
    expect(visit.complaints).toEqual([])
  })

  test('an error of the server is shown in its own words', async () => {
    await using visit = await Visit.begin(browser)
    await visit.page.getByRole('textbox', { name: 'Link' }).fill('ftp://example.org/')
    await visit.page.getByRole('button', { name: 'Send notification' }).click()
    await visit.page.getByText('link must begin with').waitFor()
  })

  test('thousands of events leave the newest hundred in the page', async () => {
    await using visit = await Visit.begin(browser)
    for (let batch = 0; batch < 10; batch++) {
      const events = Array.from({ length: 500 }, (_, index) => ({
        topic: 'activity/load',
        type: 'activity',
        data: { type: 'load', message: `event ${batch * 500 + index}` },
      }))
      await visit.post('/api/events', events)
    }
    await visit.activitiesShow(...Array.from({ length: 100 }, (_, index) => `event ${4_999 - index}`))
    // Each section draws what it has in a frame of its own.
    await visit.page.locator('#tail-total').getByText('5,000', { exact: true }).waitFor()
    expect(visit.complaints).toEqual([])
  })

  test('on a phone nothing is wider than the screen', async () => {
    const options = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
    await using visit = await Visit.begin(browser, { options })
    const endless = 'x'.repeat(190)
    await visit.notify(endless)
    await visit.post('/api/broadcast', { title: endless, message: endless })
    await visit.act(endless.slice(0, 100), endless)
    await visit.log(endless)
    await visit.page.locator('#tail-list > li').nth(3).waitFor()
    await visit.page.locator('.quote').first().waitFor()
    const [content, screen] = await visit.page.evaluate(() => [
      document.documentElement.scrollWidth,
      innerWidth,
    ])
    expect(content).toBe(390)
    expect(screen).toBe(390)
  })
})

/** Runs in the page: resolves when the page has noticed, and has drawn what follows from it. */
function scrollDown(box: Element): Promise<void> {
  return new Promise((resolve) => {
    const afterTwoFrames = () => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))
    box.addEventListener('scroll', afterTwoFrames, { once: true })
    box.scrollTop = 200
  })
}

function numbered(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `line ${first + index}`)
}
