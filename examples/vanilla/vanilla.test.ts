import type { Browser, Page } from 'playwright-core'
import { build, type PreviewServer, preview } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from '../../packages/client/src/api.ts'
import { AppProcess } from '../../tests/support/app-process.ts'
import { isChromiumMissing, launchChromium } from '../../tests/support/chromium.ts'
import { freePort } from '../../tests/support/free-port.ts'
import { ServerProcess } from '../../tests/support/server-process.ts'
import { type TempFolder, tempFolder } from '../../tests/support/temp-folder.ts'
import { until } from '../../tests/support/until.ts'

const configFile = `${import.meta.dirname}/vite.config.ts`

describe.skipIf(isChromiumMissing)('the notice board', () => {
  let folder: TempFolder
  let server: ServerProcess
  let site: PreviewServer
  let browser: Browser
  let url: string

  beforeAll(async () => {
    folder = await tempFolder()
    server = await ServerProcess.start()
    process.env.TIDINGS_URL = server.url
    const outDir = `${folder.path}/site`
    await build({ configFile, logLevel: 'warn', build: { outDir, emptyOutDir: true } })
    site = await preview({
      configFile,
      logLevel: 'warn',
      build: { outDir },
      preview: { port: await freePort() },
    })
    url = site.resolvedUrls!.local[0]!
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser.close()
    await site.close()
    await server[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  /** A reader with a browser of their own, and what their page complained about. */
  async function visit(hash = ''): Promise<Page & { complaints: string[] }> {
    const context = await browser.newContext()
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(url + hash)
    await page
      .getByRole('status')
      .filter({ hasText: /^Live$/ })
      .waitFor()
    return Object.assign(page, { complaints })
  }

  async function pin(page: Page, author: string, text: string): Promise<void> {
    await page.getByLabel('From').fill(author)
    await page.getByLabel('Notice', { exact: true }).fill(text)
    await page.getByRole('button', { name: 'Pin it up' }).click()
  }

  const notices = (page: Page) => page.locator('#notices > li > p').allTextContents()

  async function shows(page: Page, expected: readonly string[]): Promise<void> {
    await until(
      `the board to show ${expected.join(', ')}`,
      async () => JSON.stringify(await notices(page)) === JSON.stringify(expected),
    ).catch(async (error) => expect(await notices(page), String(error)).toEqual(expected))
  }

  it('shows a notice to everybody at once, and to whoever comes later; and text stays text', async () => {
    const [ann, ben] = await Promise.all([visit(), visit()])
    await ann.getByText('Nothing here yet').waitFor()
    await pin(ann, 'Ann', 'Milk is out')
    await shows(ben, ['Milk is out'])
    await pin(ben, '<b>Ben</b>', '<img src=x onerror="document.body.remove()">')
    await shows(ann, ['<img src=x onerror="document.body.remove()">', 'Milk is out'])
    expect(await ann.getByText('Nothing here yet').isVisible()).toBe(false)
    const late = await visit()
    await shows(late, ['<img src=x onerror="document.body.remove()">', 'Milk is out'])
    expect([...ann.complaints, ...ben.complaints, ...late.complaints]).toEqual([])
    await Promise.all([ann, ben, late].map((page) => page.context().close()))
  })

  it('counts what is new on another board, and turns to it', async () => {
    const page = await visit('#garden')
    const api = createApi({ url: server.url })
    const data = { author: 'Cy', text: 'Saw is back' }
    await api.publish({ topic: 'board/workshop', type: 'notice', data })
    await page.getByRole('link', { name: 'workshop, 1 new' }).click()
    await shows(page, ['Saw is back'])
    expect(await page.getByRole('link', { name: 'workshop' }).getAttribute('aria-current')).toBe('page')
    expect(await page.getByRole('link', { name: /new/ }).count()).toBe(0)
    await page.context().close()
  })

  it('has what was missed while the server was away, and says how much it was', async () => {
    const page = await visit('#garden')
    await pin(page, 'Ann', 'Before')
    await shows(page, ['Before'])
    // Its port is shut for the page alone: what others publish meanwhile is stored.
    await page.context().setOffline(true)
    await page
      .getByRole('status')
      .filter({ hasText: /No network|Cut off/ })
      .waitFor()
    const api = createApi({ url: server.url })
    for (const text of ['One', 'Two']) {
      await api.publish({ topic: 'board/garden', type: 'notice', data: { author: 'Ben', text } })
    }
    await page.context().setOffline(false)
    await page.getByText('You missed 2 notices. Here they are.').waitFor()
    await shows(page, ['Two', 'One', 'Before'])
    await page.context().close()
  })

  it('two tabs of one browser share one connection, and both show what arrives', async () => {
    const first = await visit('#workshop')
    const context = first.context()
    const streams = async () => (await createApi({ url: server.url }).stats()).totalConnections
    await until('one stream', async () => (await streams()) === 1)
    const second = await context.newPage()
    await second.goto(`${url}#workshop`)
    await second
      .getByRole('status')
      .filter({ hasText: /^Live$/ })
      .waitFor()
    const before = await notices(first)
    await pin(first, 'Ann', 'Both of you')
    await shows(first, ['Both of you', ...before])
    await shows(second, ['Both of you', ...before])
    await until('one stream still', async () => (await streams()) === 1)
    await context.close()
  })

  it('shows older notices page by page', async () => {
    const api = createApi({ url: server.url })
    const texts = Array.from({ length: 45 }, (_, n) => `Tool ${n}`)
    await api.publish(
      texts.map((text) => ({ topic: 'board/kitchen', type: 'notice', data: { author: 'Cy', text } })),
    )
    const page = await visit()
    await until('twenty notices', async () => (await notices(page)).length === 20)
    await page.getByRole('button', { name: 'Older notices' }).click()
    await until('forty notices', async () => (await notices(page)).length === 40)
    expect(await notices(page)).toEqual(texts.toReversed().slice(0, 40))
    await page.context().close()
  })

  it('says why a notice was not pinned up, and keeps its words', async () => {
    const page = await visit()
    await page.route('**/api/events', (route) =>
      route.fulfill({
        status: 413,
        contentType: 'application/problem+json',
        body: '{"code":"event_too_large","detail":"Too long."}',
      }),
    )
    await pin(page, 'Ann', 'A long story')
    await page.getByRole('alert').filter({ hasText: 'Not pinned up: Too long.' }).waitFor()
    expect(await page.getByLabel('Notice', { exact: true }).inputValue()).toBe('A long story')
    await page.context().close()
  })
})

it('npm start brings page and server up together, and ends both', async () => {
  await using folder = await tempFolder()
  const port = String(await freePort())
  const env = { TIDINGS_PORT: port, TIDINGS_DATA: folder.path }
  await using app = await AppProcess.start(import.meta.dirname, env)
  expect(await (await fetch(app.url)).text()).toContain('Notice board')
  const api = createApi({ url: app.url })
  await until('the server', async () => (await api.session()).mode === 'dev')
  await api.publish({ topic: 'board/kitchen', type: 'notice', data: { author: 'Ann', text: 'Hello' } })
  expect((await app.kill('SIGTERM')).code).toBe(0)
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
})
