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

  test('what the form sends appears in its card', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await page.getByRole('radio', { name: 'warning' }).check()
    await page.getByRole('textbox', { name: 'Title' }).fill('Disk almost full')
    await page.getByRole('textbox', { name: 'Link' }).fill('/docs')
    await page.getByRole('button', { name: 'Send notification' }).click()
    const item = page.locator('#notification-list li')
    await item.getByText('Disk almost full').waitFor()
    expect(await item.getByRole('img', { name: 'warning' }).count()).toBe(1)
    expect(await item.getByRole('link').getAttribute('href')).toBe(`${visit.server.url}/docs`)
    await page.getByText(/^On disk: answered after \d+ ms, on this page after \d+ ms$/).waitFor()

    await visit.send('Announcement')
    await page.locator('#announcement-list').getByText('Database maintenance at 2am UTC').waitFor()
    await visit.send('Update')
    await page.locator('#announcement-list').getByText('{"orders":128,"revenue":4210.5}').waitFor()
    await visit.send('Activity')
    await page.locator('#activity-list').getByText('api rolled out to 3 of 3 regions').waitFor()
    expect(visit.complaints).toEqual([])
  })

  test('what any program sends appears too, announcements in a colour of their own', async () => {
    await using visit = await Visit.begin(browser)
    await visit.notify('Deploy Complete')
    await visit.post('/api/broadcast', { title: 'Scheduled Maintenance', message: 'At 2am UTC' })
    await visit.shown('#notification-list', ['Deploy Complete'])
    await visit.shown('#announcement-list', ['Scheduled Maintenance'])
    const colours = await visit.page.$$eval('#notification-list h3, #announcement-list h3', (titles) =>
      titles.map((title) => getComputedStyle(title).color),
    )
    expect(new Set(colours).size).toBe(2)
    expect(visit.complaints).toEqual([])
  })

  test('what was sent before the page was opened is there, newest on top', async () => {
    await using server = await ServerProcess.start()
    await using first = await Visit.begin(browser, { server })
    for (const title of ['one', 'two', 'three']) await first.notify(title)
    await using second = await Visit.begin(browser, { server })
    await second.shown('#notification-list', ['three', 'two', 'one'])
  })

  test.skipIf(isCurlMissing)('the curl line beside the form does what the form does', async () => {
    await using visit = await Visit.begin(browser)
    const title = `It's "done" at $HOME \`date\` \\ ✓`
    await visit.page.getByRole('textbox', { name: 'Title' }).fill(title)
    const command = await visit.page.locator('#composer-curl code').textContent()
    await run('sh', ['-c', command!])
    await visit.shown('#notification-list', [title])
  })

  test('the processor and memory of the machine are a line that moves', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    for (const figure of ['#cpu-now', '#memory-now']) {
      await until('a figure', async () => /^\d+\.\d$/.test((await page.textContent(figure)) ?? ''))
    }
    const drawing = () => page.$eval('canvas', (canvas: HTMLCanvasElement) => canvas.toDataURL())
    // Twice: the first change could be the line's first appearance.
    for (let turn = 0; turn < 2; turn++) {
      const before = await drawing()
      await until('the line to move', async () => (await drawing()) !== before)
    }
    expect(visit.complaints).toEqual([])
  })

  test('the activity feed shows one type, of what was and of what comes', async () => {
    await using visit = await Visit.begin(browser)
    await visit.post('/api/activity', { type: 'deploy', message: 'deploy 1' })
    await visit.post('/api/activity', { type: 'commit', message: 'commit 1' })
    await visit.shown('#activity-list', ['commit 1', 'deploy 1'])
    await visit.page.getByLabel('Show').selectOption('deploy')
    await visit.shown('#activity-list', ['deploy 1'])
    await visit.post('/api/activity', { type: 'commit', message: 'commit 2' })
    await visit.post('/api/activity', { type: 'deploy', message: 'deploy 2' })
    await visit.shown('#activity-list', ['deploy 2', 'deploy 1'])
    await visit.page.getByLabel('Show').selectOption('all types')
    await visit.shown('#activity-list', ['deploy 2', 'commit 2', 'commit 1', 'deploy 1'])
  })

  test('any topic can be followed: its newest lines, then each as it comes', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    for (let line = 1; line <= 30; line++) await visit.log(`line ${line}`)
    await page.getByRole('button', { name: 'Follow' }).click()
    await visit.shown('#tail-list', numbered(11, 30))
    await visit.log('line 31')
    await visit.shown('#tail-list', numbered(11, 31))

    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByLabel('Topic or pattern').fill('logs/*app')
    await page.getByRole('button', { name: 'Follow' }).click()
    await page.getByText('has "*" inside a segment').waitFor()
  })

  test('an event of a type that nobody listened to is listened to once the form has sent it', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await page.getByRole('button', { name: 'Follow' }).click()
    await page.getByText('Following').waitFor()
    await page.getByRole('radio', { name: 'Any event' }).check()
    const form = page.locator('[data-kind=event]')
    await form.getByLabel('Type').fill('order')
    await form.getByLabel('Data').fill('{"id": 42}')
    await page.getByRole('button', { name: 'Send event' }).click()
    await page.locator('#tail-list').getByText('{"id":42}').waitFor()
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
    await page.getByRole('button', { name: 'Follow' }).click()
    for (const [list, count] of [
      ['#notification-list', 2],
      ['#announcement-list', 2],
      ['#activity-list', 1],
      ['#tail-list', 1],
    ] as const) {
      await until(
        `${count} items in ${list}`,
        async () => (await page.locator(`${list} > li`).count()) === count,
      )
      expect(await page.locator(list).textContent()).toContain('<script>globalThis.wasRun=1</script>')
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

  test('going offline and coming back shows how much came meanwhile, and all of it', async () => {
    await using visit = await Visit.begin(browser)
    const { page } = visit
    await visit.notify('before')
    await visit.shown('#notification-list', ['before'])
    await page.getByRole('button', { name: 'Go offline' }).click()
    await page.getByRole('heading', { name: /^Offline/ }).waitFor()
    await visit.notify('meanwhile 1')
    await visit.notify('meanwhile 2')
    await visit.post('/api/activity', { type: 'deploy', message: 'meanwhile 3' })
    await page.getByRole('button', { name: 'Come back' }).click()
    await page.getByText(/^You were away for .*: 3 events came meanwhile$/).waitFor()
    await page.getByText('2 notifications and 1 activity. All are here, in order.').waitFor()
    await visit.shown('#notification-list', ['meanwhile 2', 'meanwhile 1', 'before'])
    expect(await page.getByText('while away', { exact: true }).count()).toBe(3)
  })

  test('a server that is killed and started again has lost nothing, and the page says so', async () => {
    await using visit = await Visit.begin(browser)
    const { page, server } = visit
    await visit.notify('before')
    await visit.shown('#notification-list', ['before'])
    await server.kill('SIGKILL')
    await page.getByRole('heading', { name: /^Reconnecting/ }).waitFor()
    // Without a network the page cannot come back before there is something that it missed.
    await page.context().setOffline(true)
    await server.start()
    for (let turn = 1; turn <= 5; turn++) await visit.notify(`meanwhile ${turn}`)
    await page.context().setOffline(false)
    await page.getByText(/^You were away for .*: 5 events came meanwhile$/).waitFor()
    await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
    const meanwhile = [5, 4, 3, 2, 1].map((turn) => `meanwhile ${turn}`)
    await visit.shown('#notification-list', [...meanwhile, 'before'])
    await visit.notify('after')
    await visit.shown('#notification-list', ['after', ...meanwhile, 'before'])
  })

  test('what is sent while the server is away arrives once, when it is back', async () => {
    await using visit = await Visit.begin(browser)
    const { page, server } = visit
    await server.kill('SIGKILL')
    await page.getByRole('button', { name: 'Send notification' }).click()
    await page.getByText('Trying again under the same key').waitFor()
    await server.start()
    await page.getByText(/^On disk: answered after \d+ ms/).waitFor()
    await visit.shown('#notification-list', ['Deploy complete'])
  })

  test('a server that has forgotten everything is a gap, and the lists begin anew', async () => {
    await using server = await ServerProcess.start({ settings: { store: 'memory:' } })
    await using visit = await Visit.begin(browser, { server })
    await visit.notify('forgotten')
    await visit.shown('#notification-list', ['forgotten'])
    await server.kill('SIGKILL')
    await server.start()
    await visit.page.getByText('There is a gap').waitFor()
    await visit.shown('#notification-list', [])
    await visit.notify('new')
    await visit.shown('#notification-list', ['new'])
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
    await visit.shown(
      '#activity-list',
      Array.from({ length: 100 }, (_, index) => `event ${4_999 - index}`),
    )
    expect(visit.complaints).toEqual([])
  })

  test('a tab that nobody looks at gives its connections back, and resumes when it is looked at', async () => {
    await using visit = await Visit.begin(browser, { withClock: true })
    const { page } = visit
    await visit.setHidden(true)
    await page.clock.fastForward(25_000)
    await until('no stream to be open', async () => (await visit.openStreams()) === 0)
    await visit.notify('meanwhile')
    await visit.setHidden(false)
    await page.getByText(/^You were away for .*: 1 event came meanwhile$/).waitFor()
    await visit.shown('#notification-list', ['meanwhile'])
  })

  test('a page takes one connection, and one more while a topic is followed', async () => {
    await using visit = await Visit.begin(browser)
    await until('one stream', async () => (await visit.openStreams()) === 1)
    await visit.page.getByRole('button', { name: 'Follow' }).click()
    await until('two streams', async () => (await visit.openStreams()) === 2)
    await visit.page.getByRole('button', { name: 'Stop' }).click()
    await until('one stream again', async () => (await visit.openStreams()) === 1)
  })

  test('on a phone nothing is wider than the screen', async () => {
    const options = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
    await using visit = await Visit.begin(browser, { options })
    const endless = 'x'.repeat(190)
    await visit.notify(endless)
    await visit.post('/api/broadcast', { title: endless, message: endless })
    await visit.post('/api/activity', { type: endless.slice(0, 100), message: endless })
    await visit.log(endless)
    await visit.page.getByRole('button', { name: 'Follow' }).click()
    for (const list of ['#notification-list', '#announcement-list', '#activity-list', '#tail-list']) {
      await visit.page.locator(`${list} > li`).first().waitFor()
    }
    const [content, screen] = await visit.page.evaluate(() => [
      document.documentElement.scrollWidth,
      innerWidth,
    ])
    expect(content).toBe(390)
    expect(screen).toBe(390)
  })
})

function numbered(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `line ${first + index}`)
}
