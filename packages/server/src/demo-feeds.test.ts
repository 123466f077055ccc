import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createParser } from 'eventsource-parser'
import { afterEach, expect, test, vi } from 'vitest'
import { resolveSettings, type Settings } from './config/settings.ts'
import { startingPrices } from './demo-market.ts'
import { type RunningServer, startServer } from './server.ts'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(settings: Partial<Settings> = {}): Promise<RunningServer> {
  const data = join(tmpdir(), `tidings-demo-test-${crypto.randomUUID()}`)
  const quiet = { store: 'memory:', data, port: 0, logLevel: 'silent', drainMs: 200 } as const
  const server = await startServer(resolveSettings({ ...quiet, ...settings }))
  closing.push(() => rm(data, { recursive: true, force: true }))
  closing.push(() => server.close())
  return server
}

interface Arrived {
  readonly id: string | undefined
  readonly type: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it without checking its shape first
  readonly data: any
}

interface Followed {
  readonly status: number
  readonly events: Arrived[]
  of(type: string): Arrived[]
  close(): void
}

async function follow(url: string, path: string, headers: Record<string, string> = {}): Promise<Followed> {
  const stopped = new AbortController()
  closing.push(() => stopped.abort())
  const response = await fetch(url + path, { headers, signal: stopped.signal })
  const events: Arrived[] = []
  const parser = createParser({
    onEvent: ({ id, event, data }) => events.push({ id, type: event, data: JSON.parse(data) }),
  })
  const decoder = new TextDecoder()
  const read = async () => {
    for await (const bytes of response.body!) parser.feed(decoder.decode(bytes, { stream: true }))
  }
  read().catch(() => {})
  return {
    status: response.status,
    events,
    of: (type) => events.filter((event) => event.type === type),
    close: () => stopped.abort(),
  }
}

const patience = { timeout: 60_000 }

test('in dev mode a market and a clock go as long as somebody listens, and are events of the log', async () => {
  const { url, tidings } = await start()
  const stream = await follow(url, '/events?topic=$ticker&topic=$clock')
  await vi.waitFor(() => expect(stream.of('time').length).toBeGreaterThan(1), patience)
  const symbols = Object.keys(startingPrices)
  await vi.waitFor(() => expect(stream.of('price-update').length).toBeGreaterThan(symbols.length), patience)
  const [price] = stream.of('price-update')
  expect(price!.data).toEqual({ symbol: symbols[0], price: expect.any(Number), change: expect.any(Number) })
  const [first, second] = stream.of('time').map(({ data }) => Date.parse(data.now))
  expect(second! - first!).toBeGreaterThan(500)
  const page = await tidings.history({ topics: ['$ticker', '$clock'], limit: 1_000 })
  const stored = page.events.map(({ id }) => id)
  const seen = [...stream.of('time'), ...stream.of('price-update')].map(({ id }) => id!)
  expect(stored).toEqual(expect.arrayContaining(seen))
  // One that the first stream does not listen to: whoever listens no longer wakes nothing.
  stream.close()
  await vi.waitFor(async () => expect((await tidings.stats()).totalConnections).toBe(0), patience)
  const { head } = await tidings.stats()
  const machine = await follow(url, '/api/metrics')
  await vi.waitFor(() => expect(machine.of('metrics').length).toBeGreaterThan(1), patience)
  const after = await tidings.history({ topics: ['$ticker', '$clock'], after: head })
  expect(after.events).toEqual([])
})

test.each([{ demo: 'off' }, { dev: 'off' }] as const)('there are none with %j', async (settings) => {
  const { url, tidings } = await start(settings)
  const headers = 'dev' in settings ? await keyOf(tidings.settings) : {}
  const stream = await follow(url, '/events?topic=$metrics&topic=$ticker&topic=$clock', headers)
  expect(stream.status).toBe(200)
  await vi.waitFor(() => expect(stream.of('metrics').length).toBeGreaterThan(1), patience)
  expect([...stream.of('time'), ...stream.of('price-update')]).toEqual([])
})

test('production has them if it asks for them, for who runs the server', async () => {
  const { url, tidings } = await start({ dev: 'off', demo: 'on' })
  expect((await follow(url, '/events?topic=$clock')).status).toBe(401)
  const stream = await follow(url, '/events?topic=$clock', await keyOf(tidings.settings))
  await vi.waitFor(() => expect(stream.of('time').length).toBeGreaterThan(0), patience)
})

test('the topics of the server can be granted to a user, by name', async () => {
  const { url } = await start()
  const tokenFor = async (subscribe: readonly string[]) => {
    const answer = await fetch(`${url}/api/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'demo-user', subscribe }),
    })
    return { authorization: `Bearer ${((await answer.json()) as { token: string }).token}` }
  }
  const path = '/events?topic=$metrics&topic=$ticker&topic=$clock'
  const stream = await follow(url, path, await tokenFor(['$metrics', '$ticker', '$clock']))
  for (const type of ['metrics', 'price-update', 'time']) {
    await vi.waitFor(() => expect(stream.of(type).length).toBeGreaterThan(0), patience)
  }
  expect((await follow(url, path, await tokenFor(['**']))).status).toBe(403)
})

async function keyOf(settings: Settings): Promise<Record<string, string>> {
  const { openCredentialStore } = await import('./auth/store/open-credential-store.ts')
  const store = await openCredentialStore(settings)
  const grants = { publish: [], subscribe: [], notify: [], admin: ['**'] }
  const { secret } = await store.createKey({ name: 'test', grants })
  await store.close()
  return { authorization: `Bearer ${secret}` }
}
