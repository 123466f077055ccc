import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openCredentialStore } from '../../packages/server/src/auth/store/open-credential-store.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'

/** What a page keeps of its stream, for the test to look at. */
interface Followed {
  readonly connected: number
  readonly received: readonly string[]
  readonly readyState: number
}

const closed = 2

describe.skipIf(isChromiumMissing)("the browser's own EventSource, with a ticket", () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  test('comes back by itself when the server ends its stream, and misses nothing', async () => {
    await using scene = await Scene.set(browser, { maxConnectionAgeMs: 400, heartbeatMs: 50 })
    await scene.follow('alice')
    for (let turn = 0; turn < 40; turn++) await scene.publish('alice')
    await until('the fourth connection', async () => (await scene.followed()).connected >= 4)
    for (let turn = 0; turn < 10; turn++) await scene.publish('alice')
    await scene.expectAll()
  })

  test('comes back by itself when the server was killed and started again', async () => {
    await using scene = await Scene.set(browser)
    await scene.follow('alice')
    await scene.publish('alice')
    await scene.expectAll()
    await scene.server.kill('SIGKILL')
    await scene.server.start()
    await scene.publish('alice')
    await until('the second connection', async () => (await scene.followed()).connected === 2)
    await scene.publish('alice')
    await scene.expectAll()
  })

  test('works for a session too, without any ticket', async () => {
    await using scene = await Scene.set(browser, { maxConnectionAgeMs: 400, heartbeatMs: 50 })
    await scene.signIn('alice')
    await scene.listen('/events/alice')
    await until('the third connection', async () => (await scene.followed()).connected >= 3)
    await scene.publish('alice')
    await scene.expectAll()
    // The cookie is not for scripts.
    expect(await scene.page.evaluate(() => document.cookie)).toBe('')
  })

  test('gives up when its user is revoked', async () => {
    await using scene = await Scene.set(browser)
    await scene.follow('alice')
    await scene.publish('alice')
    await scene.expectAll()
    expect(await scene.post('/api/admin/revoke', { user: 'alice' })).toEqual({ ended: 1 })
    await until('the browser to give up', async () => (await scene.followed()).readyState === closed)
    expect((await scene.followed()).connected).toBe(1)
  })

  test('nothing secret is in the output of the server, nor in the URL for longer than it counts', async () => {
    await using scene = await Scene.set(browser, { logLevel: 'trace' })
    const ticket = await scene.follow('alice')
    await scene.publish('alice')
    await scene.expectAll()
    expect(scene.server.output).toContain('listening')
    for (const secret of [ticket, scene.key, ...(await scene.cookies())]) {
      expect(scene.server.output).not.toContain(secret)
    }
    const other = await fetch(`${scene.server.url}/events/alice?ticket=${ticket}`)
    expect(other.status).toBe(401)
  })
})

/** A server with a key, and a page of it. */
class Scene implements AsyncDisposable {
  readonly server: ServerProcess
  readonly page: Page
  readonly key: string
  #published = 0

  static async set(browser: Browser, settings: object = {}): Promise<Scene> {
    const server = await ServerProcess.prepare({ settings: { retryMs: 50, ...settings } })
    const store = await openCredentialStore({ data: server.data, tokenMaxLifetimeMs: 86_400_000 })
    const all = ['**']
    const { secret } = await store.createKey({
      name: 'test',
      grants: { publish: all, subscribe: all, notify: all, admin: all },
    })
    await store.close()
    await server.start()
    const page = await (await browser.newContext()).newPage()
    // A browser takes `localhost` for as safe as HTTPS: secure cookies work there.
    await page.goto(`http://localhost:${server.port}/`)
    return new Scene(server, page, secret)
  }

  private constructor(server: ServerProcess, page: Page, key: string) {
    this.server = server
    this.page = page
    this.key = key
  }

  /** Posts as the key. */
  async post(path: string, body: object): Promise<Record<string, string>> {
    const response = await fetch(this.server.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect([200, 201]).toContain(response.status)
    return (await response.json()) as Record<string, string>
  }

  async publish(user: string): Promise<void> {
    await this.post('/api/events', { topic: `user/${user}`, text: String(this.#published++) })
  }

  /** Gets a ticket in the page, and follows a user's stream with it. */
  async follow(user: string): Promise<string> {
    const { token } = await this.post('/api/tokens', { user })
    const ticket = await this.page.evaluate(async (token) => {
      const headers = { authorization: `Bearer ${token}` }
      const response = await fetch('/api/tickets', { method: 'POST', headers })
      return ((await response.json()) as { ticket: string }).ticket
    }, token)
    await this.listen(`/events/${user}?ticket=${ticket}`)
    return ticket
  }

  async signIn(user: string): Promise<void> {
    const { token } = await this.post('/api/tokens', { user })
    const status = await this.page.evaluate(async (token) => {
      const headers = { authorization: `Bearer ${token}` }
      return (await fetch('/api/session', { method: 'POST', headers })).status
    }, token)
    expect(status).toBe(200)
  }

  async listen(url: string): Promise<void> {
    await this.page.evaluate((url) => {
      const source = new EventSource(url)
      const state = { connected: 0, received: [] as string[], source }
      source.addEventListener('connected', () => state.connected++)
      source.onmessage = ({ data }) => state.received.push(data)
      Object.assign(globalThis, { followed: state })
    }, url)
    await until('the first connection', async () => (await this.followed()).connected > 0)
  }

  followed(): Promise<Followed> {
    return this.page.evaluate(() => {
      const { followed } = globalThis as unknown as {
        followed: { connected: number; received: string[]; source: EventSource }
      }
      return {
        connected: followed.connected,
        received: followed.received,
        readyState: followed.source.readyState,
      }
    })
  }

  /** Everything that was published has arrived, in order, each once. */
  async expectAll(): Promise<void> {
    await until('all events', async () => (await this.followed()).received.length >= this.#published)
    const all = Array.from({ length: this.#published }, (_, index) => String(index))
    expect((await this.followed()).received).toEqual(all)
  }

  /** The values of the browser's cookies. */
  async cookies(): Promise<string[]> {
    const cookies = await this.page.context().cookies()
    expect(cookies.length).toBeGreaterThan(0)
    return cookies.map(({ value }) => value)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
    await this.server[Symbol.asyncDispose]()
  }
}
