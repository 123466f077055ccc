import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import type { Kit } from './kit.ts'

/** What is special about a visit. */
export interface KitVisitOptions {
  readonly kit: Kit
  readonly server: ServerProcess
  /** The view, with more of the query, e.g. `events&keep=10`. */
  readonly view: string
  /** Whether a test's own stream takes the place of a connection. */
  readonly isScripted?: boolean
  /** Whether the test turns the page's clock. */
  readonly withClock?: boolean
  /** Whether the page comes rendered by a server. */
  readonly isRendered?: boolean
  /** Of an earlier visit: the same browser profile. */
  readonly context?: BrowserContext
  readonly options?: BrowserContextOptions
}

/** The policy of the console, and of many a careful page: nothing inline, neither script nor style. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'"

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

/** One reader at a page made of the kit, which stands on the same origin as a real server. */
export class KitVisit implements AsyncDisposable {
  readonly page: Page
  readonly server: ServerProcess
  /** What the page has thrown, or the browser or React has complained about, the content security policy included. */
  readonly complaints: string[] = []
  readonly #isContextOurs: boolean

  static async begin(browser: Browser, visit: KitVisitOptions): Promise<KitVisit> {
    const context = visit.context ?? (await browser.newContext(visit.options))
    const page = await context.newPage()
    const begun = new KitVisit(page, visit.server, visit.context === undefined)
    if (visit.withClock) await page.clock.install()
    await page.route(`${visit.server.url}/kit/**`, async (route) => {
      const path = new URL(route.request().url()).pathname.slice('/kit/'.length)
      let body = await readFile(join(visit.kit.path, path), 'utf8')
      if (visit.isRendered && path === 'index.html') {
        const view = visit.view.replace(/&.*/, '')
        body = body.replace(
          '<main id="root"></main>',
          `<main id="root">${await visit.kit.render(view)}</main>`,
        )
      }
      await route.fulfill({
        body,
        contentType: types[extname(path)]!,
        headers: { 'Content-Security-Policy': policy },
      })
    })
    const scripted = visit.isScripted ? '&scripted=1' : ''
    await page.goto(`${visit.server.url}/kit/index.html?view=${visit.view}${scripted}`)
    if (visit.isScripted) await begun.isListened()
    return begun
  }

  private constructor(page: Page, server: ServerProcess, isContextOurs: boolean) {
    this.page = page
    this.server = server
    this.#isContextOurs = isContextOurs
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text())
    })
  }

  /** Waits until the view has told its scripted stream what it wants to hear, so that it misses nothing. */
  async isListened(): Promise<void> {
    await until('the view to listen', () => this.page.evaluate(() => globalThis.scripted.isListened))
  }

  /** Posts JSON as any other program would. */
  async post(path: string, body: unknown): Promise<void> {
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch(this.server.url + path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    expect({ status: response.status, answer: await response.text() }).toMatchObject({ status: 201 })
  }

  /** Notifies the reader. */
  notify(title: string, more: { readonly link?: string; readonly type?: string } = {}): Promise<void> {
    return this.post('/api/notifications/demo-user', {
      type: 'success',
      title,
      message: 'A message',
      ...more,
    })
  }

  /** Publishes an event. */
  publish(topic: string, data: unknown, type = 'order'): Promise<void> {
    return this.post('/api/events', { topic, type, data })
  }

  /** Waits until some text is on the page. */
  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor()
  }

  /** Streams that are open at the server. */
  async openStreams(): Promise<number> {
    const stats = (await (await fetch(`${this.server.url}/api/stats`)).json()) as { totalConnections: number }
    return stats.totalConnections
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A request that is being answered just now would fail with nobody to hear of it, and the whole run with it.
    if (!this.page.isClosed()) await this.page.unrouteAll({ behavior: 'ignoreErrors' })
    if (this.#isContextOurs) await this.page.context().close()
    else await this.page.close()
  }
}
