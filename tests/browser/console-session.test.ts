import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildConsoleIfStale } from '../../scripts/build-console.ts'
import { tidings } from '../cli/cli-process.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'

let browser: Browser

beforeAll(async () => {
  await buildConsoleIfStale()
  if (!isChromiumMissing) browser = await launchChromium()
})

afterAll(() => browser?.close())

async function visit(server: ServerProcess): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  page.setDefaultTimeout(15_000)
  await page.goto(server.url)
  return page
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token', { exact: true }).fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function tokenOf(server: ServerProcess, user: string): Promise<string> {
  return (await tidings(['token', '--user', user, '--data', server.data])).stdout.trim()
}

describe.skipIf(isChromiumMissing)('the page', () => {
  it('in dev mode shows everything, and says that everybody may', async () => {
    await using server = await ServerProcess.start()
    const page = await visit(server)
    await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
    expect(await page.getByText('Dev mode: everybody on this machine').isVisible()).toBe(true)
    expect(await page.getByRole('heading', { name: 'Sign in' }).isVisible()).toBe(false)
    expect(await page.getByRole('heading', { name: 'Send something' }).isVisible()).toBe(true)
    await page.context().close()
  })

  it('in production lets nobody in without a token that counts, and then shows what is theirs', async () => {
    await using server = await ServerProcess.start({ settings: { dev: 'off' } })
    const grants = ['--admin', '**', '--publish', '**', '--notify', 'user/*']
    const made = await tidings(['keys', 'create', '--name', 'ops', ...grants, '--data', server.data])
    const headers = { authorization: `Bearer ${made.stdout.trim()}`, 'content-type': 'application/json' }
    const post = (path: string, body: object) =>
      fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    const page = await visit(server)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await page.getByRole('heading', { name: 'Notifications' }).isVisible()).toBe(false)
    await signIn(page, 'nonsense')
    await page.getByText('does not count').waitFor()
    const token = await tokenOf(server, 'alice')
    await signIn(page, token)
    await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
    expect(await page.getByText('Signed in as alice').isVisible()).toBe(true)
    expect(await page.getByRole('heading', { name: 'Send something' }).isVisible()).toBe(false)
    const notify = (user: string, title: string) =>
      post(`/api/notifications/${user}`, { type: 'info', title, message: 'A message' })
    await notify('bob', 'Not for alice')
    expect((await notify('alice', 'For alice')).status).toBe(201)
    await page.getByRole('heading', { name: 'For alice' }).waitFor()
    expect(await page.getByText('Not for alice').count()).toBe(0)
    // The token is in no place that a script could read.
    const stored = await page.evaluate(() =>
      JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
    )
    expect(stored).not.toContain(token.split('.')[2])
    await page.reload()
    await page.getByRole('heading', { name: 'For alice' }).waitFor()
    await post('/api/admin/revoke', { user: 'alice' })
    await page.getByText('Your session has ended').waitFor()
    expect(await page.getByRole('heading', { name: 'Notifications' }).isVisible()).toBe(false)
    await signIn(page, await tokenOf(server, 'alice'))
    await page.getByRole('heading', { name: 'For alice' }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(server.output).not.toContain(token)
    await page.context().close()
  })
})
