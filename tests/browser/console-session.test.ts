import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildConsoleIfStale } from '../../scripts/build-console.ts'
import { tidings } from '../cli/cli-process.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'

let browser: Browser

beforeAll(async () => {
  await buildConsoleIfStale()
  if (!isChromiumMissing) browser = await launchChromium()
})

afterAll(() => browser?.close())

async function visit(server: ServerProcess): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(server.url)
  return page
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token', { exact: true }).fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function isLive(page: Page): Promise<void> {
  await page.locator('#connection[data-state=live]').waitFor()
}

/** Waits for a notification in the inbox. */
async function isNotified(page: Page, title: string): Promise<void> {
  await page.locator('#notifications').getByText(title, { exact: true }).waitFor()
}

async function tokenOf(server: ServerProcess, user: string, ...args: readonly string[]): Promise<string> {
  return (await tidings(['token', '--user', user, ...args, '--data', server.data])).stdout.trim()
}

/** Notifies alice, as a program with a key. */
async function notifierOf(server: ServerProcess): Promise<(title: string) => Promise<void>> {
  const made = await tidings(['keys', 'create', '--name', 'ops', '--notify', 'user/*', '--data', server.data])
  const headers = { authorization: `Bearer ${made.stdout.trim()}`, 'content-type': 'application/json' }
  return async (title) => {
    const body = JSON.stringify({ type: 'info', title, message: 'A message' })
    const path = '/api/notifications/alice'
    const { status } = await fetch(server.url + path, { method: 'POST', headers, body })
    expect(status).toBe(201)
  }
}

describe.skipIf(isChromiumMissing)('the page', () => {
  it('in dev mode shows everything, and says that everybody may', async () => {
    await using server = await ServerProcess.start()
    const page = await visit(server)
    await isLive(page)
    await page.getByText('Anybody on this machine can read and publish everything').waitFor()
    expect(await page.getByRole('heading', { name: 'Sign in' }).isVisible()).toBe(false)
    await page.getByRole('heading', { name: 'Send something' }).waitFor()
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
    await isLive(page)
    await page.getByText('Signed in as alice').waitFor()
    expect(await page.getByRole('heading', { name: 'Send something' }).isVisible()).toBe(false)
    const notify = (user: string, title: string) =>
      post(`/api/notifications/${user}`, { type: 'info', title, message: 'A message' })
    await notify('bob', 'Not for alice')
    expect((await notify('alice', 'For alice')).status).toBe(201)
    await isNotified(page, 'For alice')
    expect(await page.getByText('Not for alice').count()).toBe(0)
    // The token is in no place that a script could read.
    const stored = await page.evaluate(() =>
      JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
    )
    expect(stored).not.toContain(token.split('.')[2])
    await page.reload()
    await isNotified(page, 'For alice')
    await post('/api/admin/revoke', { user: 'alice' })
    await page.getByText('Your session was taken back').waitFor()
    expect(await page.getByRole('heading', { name: 'Notifications' }).isVisible()).toBe(false)
    await signIn(page, await tokenOf(server, 'alice'))
    await isNotified(page, 'For alice')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(server.output).not.toContain(token)
    await page.context().close()
  })

  it('says that a session has ended with its token, and shows what came meanwhile to whoever signs in again', async () => {
    await using server = await ServerProcess.start({ settings: { dev: 'off' } })
    const notify = await notifierOf(server)
    const page = await visit(server)
    await signIn(page, await tokenOf(server, 'alice', '--ttl', '10s'))
    await isLive(page)
    await page.getByText('Your session has ended, as its token has').waitFor()
    expect(await page.getByRole('heading', { name: 'Notifications' }).isVisible()).toBe(false)
    await notify('Meanwhile')
    await signIn(page, await tokenOf(server, 'alice'))
    await isNotified(page, 'Meanwhile')
    await page.context().close()
  })

  it('asks for a new token in time, and goes on under it on the same stream', async () => {
    await using server = await ServerProcess.start({ settings: { dev: 'off' } })
    const notify = await notifierOf(server)
    const page = await visit(server)
    let opened = 0
    page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/events') opened += 1
    })
    const later = await tokenOf(server, 'alice')
    const token = await tokenOf(server, 'alice', '--ttl', '20s')
    const endsAtMs = Date.now() + 20_000
    await signIn(page, token)
    await page.getByText('Your session ends at').waitFor()
    expect(await page.getByRole('heading', { name: 'Notifications' }).isVisible()).toBe(true)
    await signIn(page, later)
    await page.getByText('Your session ends at').waitFor({ state: 'hidden' })
    await until('the first token to have ended', async () => Date.now() > endsAtMs + 1_500)
    await notify('After the first token')
    await isNotified(page, 'After the first token')
    expect(opened).toBe(1)
    await page.context().close()
  })

  it('that is open while the first key is made says that the server asks from now on', async () => {
    await using server = await ServerProcess.start()
    const page = await visit(server)
    await isLive(page)
    await tidings(['keys', 'create', '--name', 'ops', '--admin', '**', '--data', server.data])
    await page.getByText('This server has left dev mode').waitFor()
    expect(await page.getByRole('heading', { name: 'Notifications' }).isVisible()).toBe(false)
    await page.context().close()
  })

  it('lets a user follow what their token grants, and says what it does not', async () => {
    await using server = await ServerProcess.start({ settings: { dev: 'off' } })
    const notify = await notifierOf(server)
    const page = await visit(server)
    await signIn(page, await tokenOf(server, 'alice', '--subscribe', 'logs/**'))
    await isLive(page)
    await page.getByLabel('Topic or pattern').fill('logs/app')
    await page.getByRole('button', { name: 'Follow', exact: true }).click()
    await page.getByText('Following logs/app', { exact: true }).waitFor()
    await notify('In the tail')
    await isNotified(page, 'In the tail')
    await page.getByLabel('Topic or pattern').fill('user/bob')
    await page.getByRole('button', { name: 'Follow', exact: true }).click()
    await page.getByText('You may not read "user/bob"').waitFor()
    // What their token does not grant is said where it would be, and the stream goes on.
    await page.getByText('Your token does not let you read $metrics').waitFor()
    await isLive(page)
    await page.context().close()
  })
})
