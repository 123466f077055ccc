import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificate, writeCertificate } from '../support/certificate.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'

/** What the page keeps of each of its sources. */
interface Kept {
  /** The data of all events, in order. */
  readonly data: string[]
  opened: number
  gaps: number
}

/** A browser opens at most six connections to one origin, and over HTTP/1.1 each stream takes one. */
const streams = 20

describe.skipIf(isChromiumMissing)('a page of a real Chromium with twenty streams over HTTP/2', () => {
  let folder: TempFolder
  let server: ServerProcess
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    folder = await tempFolder()
    const files = await writeCertificate(folder.path, makeCertificate())
    server = await ServerProcess.start({
      settings: { ...files, heartbeatMs: 500, retryMs: 100, drainMs: 500 },
    })
    browser = await launchChromium()
    page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
    await page.goto(server.url)
  })

  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  it('gets every event on each of them, and goes on after a restart without a gap', async () => {
    await page.evaluate(openSources, streams)
    await until('all streams to be open', async () => (await kept()).every(({ opened }) => opened >= 1))
    expect(await page.evaluate(protocolOfStreams)).toEqual(['h2'])
    using publisher = new Publisher({ port: server.port, isSecure: true, name: 'publisher' })
    await publishAll(publisher, 30)
    await until('all events', async () => (await kept()).every(({ data }) => data.length === 30))

    await server.kill('SIGTERM')
    await server.start()
    await publishAll(publisher, 30)
    await until('the rest', async () => (await kept()).every(({ data }) => data.length >= 60))
    await server.kill('SIGKILL')
    await server.start()
    await publishAll(publisher, 30)
    await until('the rest', async () => (await kept()).every(({ data }) => data.length >= 90))

    const sent = publisher.publications.flatMap(({ events }) => events.map(({ data }) => data))
    for (const { data, opened, gaps } of await kept()) {
      expect(data).toEqual(sent)
      expect(opened).toBeGreaterThanOrEqual(3)
      expect(gaps).toBe(0)
    }
  })

  it('leaves nothing open when it goes', async () => {
    await page.goto('about:blank')
    await until('its streams to be gone', async () => (await server.metric('tidings_streams')) === 0)
  })

  function kept(): Promise<Kept[]> {
    return page.evaluate(() => (window as unknown as { kept: Kept[] }).kept)
  }
})

async function publishAll(publisher: Publisher, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    expect(await publisher.publish({ topic: 'orders' })).toMatchObject({ kind: 'acknowledged' })
  }
}

/** Runs in the page. */
function openSources(count: number): void {
  const all = Array.from({ length: count }, (_, index) => {
    const source = new EventSource(`/events?topic=orders&topic=orders/${index}`)
    const one: Kept = { data: [], opened: 0, gaps: 0 }
    source.addEventListener('open', () => one.opened++)
    source.addEventListener('gap', () => one.gaps++)
    source.addEventListener('message', ({ data }) => one.data.push(data as string))
    return one
  })
  Object.assign(window, { kept: all })
}

/** Runs in the page: what its streams came over, as the browser says. */
function protocolOfStreams(): string[] {
  const entries = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  return [...new Set(entries.map(({ nextHopProtocol }) => nextHopProtocol))]
}
