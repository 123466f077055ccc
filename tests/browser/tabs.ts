import { resolve } from 'node:path'
import type { ConnectOptions, TidingsStream } from '@tidings/client'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { build, type Rolldown } from 'vite'
import { expect } from 'vitest'
import { publish } from '../client/posting.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'

/** How tabs are opened. */
export interface TabsOptions {
  readonly browser: Browser
  readonly server: ServerProcess
  /** Made by `buildTab`. */
  readonly scripts: ReadonlyMap<string, string>
  readonly count: number
  readonly options?: ConnectOptions
  readonly withoutLocks?: boolean
  /** The code that only tabs need cannot be loaded. */
  readonly withoutTabs?: boolean
}

declare global {
  var stream: TidingsStream
  var got: number[]
}

/** The page of a tab, beside the files that `buildTab` makes; with the options of its address, unless it is given some. */
export function tabPage(options?: ConnectOptions): string {
  const given =
    options === undefined
      ? `JSON.parse(new URLSearchParams(location.search).get('options'))`
      : JSON.stringify(options)
  return `<!doctype html><title>a tab</title><script type="module">
  import { connect } from './client.js'
  globalThis.got = []
  globalThis.stream = connect(${given})
  stream.on('*', ({ data }) => got.push(data))
</script>`
}

/** Builds the client for pages, as an application's bundler does: its files, by their names. */
export async function buildTab(): Promise<ReadonlyMap<string, string>> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['tidings-source', 'module', 'browser'] },
    build: {
      write: false,
      minify: false,
      lib: {
        entry: resolve(import.meta.dirname, '../../packages/client/src/index.ts'),
        formats: ['es'],
        fileName: 'client',
      },
    },
  })) as Rolldown.RolldownOutput[]
  const chunks = built[0]!.output.filter((part) => part.type === 'chunk')
  return new Map(chunks.map(({ fileName, code }) => [fileName, code]))
}

/** One page that has a stream, on the origin of the server. */
class Tab {
  readonly page: Page
  readonly #address: string
  readonly #woken = Promise.withResolvers<void>()
  #freeze: Promise<void> | undefined
  isGone = false

  constructor(page: Page, address: string) {
    this.page = page
    this.#address = address
  }

  got(): Promise<number[]> {
    return this.page.evaluate(() => globalThis.got)
  }

  async role(): Promise<string> {
    return (await this.status()).role
  }

  status(): Promise<TidingsStream['status']> {
    return this.page.evaluate(() => globalThis.stream.status)
  }

  want(topic: string): Promise<void> {
    return this.page.evaluate((topic) => globalThis.stream.add(topic), topic)
  }

  async close(): Promise<void> {
    this.isGone = true
    await this.page.close()
  }

  /** Ends its renderer, as the system does when there is no memory. */
  async crash(): Promise<void> {
    this.isGone = true
    const crashed = new Promise((resolve) => this.page.once('crash', resolve))
    const cdp = await this.page.context().newCDPSession(this.page)
    cdp.send('Page.crash').catch(() => {})
    await crashed
  }

  /**
   * Holds its main thread by a request that it waits for. `Page.setWebLifecycleState` would be the thing itself, but
   * Chromium freezes no page that is seen, as all are here, nor one that holds a lock.
   */
  async freeze(): Promise<void> {
    const isHeld = Promise.withResolvers<void>()
    await this.page.route('**/wait.txt', async (route) => {
      isHeld.resolve()
      await this.#woken.promise
      await route.fulfill({ body: '' })
    })
    this.#freeze = this.page.evaluate(() => {
      const request = new XMLHttpRequest()
      request.open('GET', '/wait.txt', false)
      request.send()
    })
    await isHeld.promise
  }

  async wake(): Promise<void> {
    this.#woken.resolve()
    await this.#freeze
  }

  /** Goes to another page, and only comes back when told so. */
  async leave(): Promise<void> {
    this.isGone = true
    await this.page.goto(new URL('/elsewhere.html', this.#address).href)
  }

  async comeBack(): Promise<void> {
    await this.page.goto(this.#address)
    await this.isRunning()
    this.isGone = false
  }

  async isRunning(): Promise<void> {
    await this.page.waitForFunction(() => globalThis.stream !== undefined)
  }
}

/** Tabs of one browser profile. */
export class Tabs implements AsyncDisposable {
  readonly #context: BrowserContext
  readonly #server: ServerProcess
  readonly #options: ConnectOptions
  readonly #tabs: Tab[]
  #published = 0

  static async open({
    browser,
    server,
    scripts,
    count,
    options = {},
    withoutLocks,
    withoutTabs,
  }: TabsOptions): Promise<Tabs> {
    const context = await browser.newContext()
    if (withoutLocks) {
      await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }))
    }
    await context.route('**/tab.html?*', (route) =>
      route.fulfill({ contentType: 'text/html', body: tabPage() }),
    )
    await context.route('**/elsewhere.html', (route) => route.fulfill({ contentType: 'text/html', body: '' }))
    for (const [name, body] of scripts) {
      const isMissing = withoutTabs && name.startsWith('shared-feed')
      const answer = isMissing ? { status: 404 } : { contentType: 'text/javascript', body }
      await context.route(`**/${name}`, (route) => route.fulfill(answer))
    }
    const tabs = new Tabs(context, server, options, [])
    for (let tab = 0; tab < count; tab++) await tabs.add()
    await tabs.areLive()
    return tabs
  }

  private constructor(context: BrowserContext, server: ServerProcess, options: ConnectOptions, tabs: Tab[]) {
    this.#context = context
    this.#server = server
    this.#options = options
    this.#tabs = tabs
  }

  async add(options: ConnectOptions = {}): Promise<Tab> {
    const all = { url: '/events', topics: ['orders'], shared: 'alice', ...this.#options, ...options }
    const query = encodeURIComponent(JSON.stringify(all))
    const page = await this.#context.newPage()
    const tab = new Tab(page, `${this.#server.url}/tab.html?options=${query}`)
    await tab.comeBack()
    this.#tabs.push(tab)
    return tab
  }

  /** The same ones but for one. */
  without(tab: Tab): Tabs {
    const others = this.#tabs.filter((each) => each !== tab)
    return new Tabs(this.#context, this.#server, this.#options, others)
  }

  async leader(): Promise<Tab> {
    for (const tab of this.#open) if ((await tab.role()) === 'leader') return tab
    throw new Error('There is no leader.')
  }

  async followers(): Promise<Tab[]> {
    const leader = await this.leader()
    return this.#open.filter((tab) => tab !== leader)
  }

  /** What each is, leaders first. */
  async roles(): Promise<string[]> {
    const roles = await Promise.all(this.#open.map((tab) => tab.role()))
    return roles.toSorted((a, b) => b.localeCompare(a)).toSorted((a) => (a === 'leader' ? -1 : 1))
  }

  /** Waits until they are what they should be, leaders first: who is to lead is found out after the last leader has gone. */
  async haveRoles(expected: readonly string[]): Promise<void> {
    await expect.poll(() => this.roles()).toEqual(expected)
  }

  async states(): Promise<string[]> {
    return Promise.all(this.#open.map(async (tab) => (await tab.status()).state))
  }

  async areLive(): Promise<void> {
    let statuses: TidingsStream['status'][] = []
    await until(
      () => `all tabs to be live: ${JSON.stringify(statuses)}`,
      async () => {
        statuses = await Promise.all(this.#open.map((tab) => tab.status()))
        return statuses.every(({ state, clientId }) => state === 'live' && clientId !== undefined)
      },
    )
  }

  /** Publishes so many events more, one after another: each says how many were before it. */
  async publish(count: number, before?: (index: number) => unknown, topic = 'orders'): Promise<void> {
    for (let index = 0; index < count; index++) {
      await before?.(index)
      await publish(this.#server.url, [{ topic, data: this.#published++ }])
    }
  }

  /** Waits until all tabs have got so many events, and sees that they are these, in this order. */
  async allHave(expected: readonly number[]): Promise<void> {
    let counts: number[] = []
    await until(
      () => `${expected.length} events in all tabs: ${counts}`,
      async () => {
        counts = await Promise.all(this.#open.map(async (tab) => (await tab.got()).length))
        return counts.every((count) => count >= expected.length)
      },
      { timeoutMs: 90_000, everyMs: 50 },
    )
    for (const tab of this.#open) expect(await tab.got()).toEqual(expected)
  }

  setOffline(isOffline: boolean): Promise<void> {
    return this.#context.setOffline(isOffline)
  }

  async openStreams(): Promise<number> {
    const stats = (await (await fetch(`${this.#server.url}/api/stats`)).json()) as {
      totalConnections: number
    }
    return stats.totalConnections
  }

  async areOneConnection(): Promise<void> {
    await until('one connection', async () => (await this.openStreams()) === 1)
  }

  /** Which of these topics streams are open for. */
  async topicsAtServer(...topics: string[]): Promise<string[]> {
    const query = topics.map((topic) => `topic=${topic}`).join('&')
    const { streams } = (await (await fetch(`${this.#server.url}/api/presence?${query}`)).json()) as {
      streams: Record<string, number>
    }
    return topics.filter((topic) => (streams[topic] ?? 0) > 0)
  }

  get #open(): Tab[] {
    return this.#tabs.filter(({ isGone }) => !isGone)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A request that is being answered just now would fail with nobody to hear of it, and the whole run with it. A page
    // that has crashed lets nobody take anything away.
    await this.#context.unrouteAll({ behavior: 'ignoreErrors' }).catch(() => {})
    await this.#context.close()
  }
}
