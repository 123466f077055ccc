import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'

/** What is special about a visit. */
interface VisitOptions {
  /** One of its own, if absent. */
  readonly server?: ServerProcess
  readonly options?: BrowserContextOptions
  /** Whether the test turns the page's clock. */
  readonly withClock?: boolean
}

/** One reader at the page of a server of their own. */
export class Visit implements AsyncDisposable {
  readonly page: Page
  readonly server: ServerProcess
  /** What the page has thrown or the browser has complained about, the content security policy included. */
  readonly complaints: string[] = []
  readonly #isServerOurs: boolean

  static async begin(browser: Browser, { server, options, withClock }: VisitOptions = {}): Promise<Visit> {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const visit = new Visit(page, server ?? (await ServerProcess.start()), server === undefined)
    if (withClock) await page.clock.install()
    await page.goto(visit.server.url)
    await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
    return visit
  }

  private constructor(page: Page, server: ServerProcess, isServerOurs: boolean) {
    this.page = page
    this.server = server
    this.#isServerOurs = isServerOurs
    page.setDefaultTimeout(15_000)
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text())
    })
  }

  /** Chooses what to send, and sends what the form suggests. */
  async send(kind: string): Promise<void> {
    await this.page.getByRole('radio', { name: kind }).check()
    await this.page.getByRole('button', { name: `Send ${kind.toLowerCase()}` }).click()
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

  notify(title: string): Promise<void> {
    return this.post('/api/notifications/demo-user', { type: 'info', title, message: 'A message' })
  }

  publish(topic: string, type: string, data: unknown): Promise<void> {
    return this.post('/api/events', { topic, type, data })
  }

  log(text: string): Promise<void> {
    return this.post('/api/events', { topic: 'logs/app', text })
  }

  /** Waits until a list shows just these items, by their titles or, where they have none, their texts. */
  async shown(list: string, expected: readonly string[]): Promise<void> {
    const texts = () =>
      this.page.$$eval(`${list} > li`, (items) =>
        items.map((item) => (item.querySelector('h3, p') ?? item.lastElementChild)?.textContent),
      )
    let found: unknown
    await until(`${list} to be ${expected}`, async () => {
      found = await texts()
      return JSON.stringify(found) === JSON.stringify(expected)
    }).catch((error) => {
      expect(found, String(error)).toEqual(expected)
    })
  }

  /** Streams that are open at the server. */
  async openStreams(): Promise<number> {
    const stats = (await (await fetch(`${this.server.url}/api/stats`)).json()) as { totalConnections: number }
    return stats.totalConnections
  }

  /** A headless browser shows every tab; this tells the page otherwise. */
  async setHidden(isHidden: boolean): Promise<void> {
    await this.page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
      document.dispatchEvent(new Event('visibilitychange'))
    }, isHidden)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
    if (this.#isServerOurs) await this.server[Symbol.asyncDispose]()
  }
}
