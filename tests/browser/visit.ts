import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'

/** What is special about a visit. */
interface VisitOptions {
  /** One of its own, if absent. */
  readonly server?: ServerProcess
  readonly options?: BrowserContextOptions
  /** Another tab of the same browser, if given. */
  readonly context?: BrowserContext
}

/** One reader at the page of a server of their own. */
export class Visit implements AsyncDisposable {
  readonly page: Page
  readonly server: ServerProcess
  /** What the page has thrown or the browser has complained about, the content security policy included. */
  readonly complaints: string[] = []
  readonly #isServerOurs: boolean
  readonly #isContextOurs: boolean

  static async begin(browser: Browser, visitOptions: VisitOptions = {}): Promise<Visit> {
    const { server, options, context } = visitOptions
    const home = context ?? (await browser.newContext(options))
    const visit = new Visit(await home.newPage(), server ?? (await ServerProcess.start()), {
      isServerOurs: server === undefined,
      isContextOurs: context === undefined,
    })
    await visit.page.goto(visit.server.url)
    await visit.isLive()
    return visit
  }

  private constructor(
    page: Page,
    server: ServerProcess,
    { isServerOurs, isContextOurs }: { isServerOurs: boolean; isContextOurs: boolean },
  ) {
    this.page = page
    this.server = server
    this.#isServerOurs = isServerOurs
    this.#isContextOurs = isContextOurs
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text())
    })
  }

  /** Waits until the page says that it is connected. */
  async isLive(): Promise<void> {
    await this.page.locator('#connection[data-state=live]').waitFor()
  }

  /** Waits until the page says that it is in a state. */
  async isIn(state: string): Promise<void> {
    await this.page.locator(`#connection[data-state=${state}]`).waitFor()
  }

  /** Chooses what to send, and sends what the form suggests. */
  async send(kind: string): Promise<void> {
    await this.page.getByRole('radio', { name: kind, exact: true }).check()
    await this.page.getByRole('button', { name: /^Send (?!a )/ }).click()
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

  act(type: string, message: string): Promise<void> {
    return this.post('/api/activity', { type, message })
  }

  publish(topic: string, type: string, data: unknown): Promise<void> {
    return this.post('/api/events', { topic, type, data })
  }

  log(text: string): Promise<void> {
    return this.post('/api/events', { topic: 'logs/app', text })
  }

  /** Waits until the texts of what a selector finds are just these. */
  async shows(selector: string, expected: readonly string[]): Promise<void> {
    let found: unknown
    await until(`${selector} to be ${expected}`, async () => {
      found = await this.page.$$eval(selector, (items) => items.map((item) => item.textContent))
      return JSON.stringify(found) === JSON.stringify(expected)
    }).catch((error) => {
      expect(found, String(error)).toEqual(expected)
    })
  }

  /** Waits until the inbox has just these titles, newest first. */
  inboxShows(...titles: readonly string[]): Promise<void> {
    return this.shows('#notifications .tidings-item .tidings-title', titles)
  }

  announcementsShow(...titles: readonly string[]): Promise<void> {
    return this.shows('#announcement-list h4', titles)
  }

  activitiesShow(...messages: readonly string[]): Promise<void> {
    return this.shows('#activity .tidings-row .tidings-body', messages)
  }

  tailShows(...lines: readonly string[]): Promise<void> {
    return this.shows('#tail-list .tail-words', lines)
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
    if (this.#isServerOurs) await this.server[Symbol.asyncDispose]()
  }
}
