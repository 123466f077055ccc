import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BlockReader, type ReadBlock } from '../support/block-reader.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { PageSource } from '../support/page-source.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'

/** What a page of the log says of an event, as the stream says it: the page is what everything is held against. */
interface Told {
  readonly id: string | undefined
  readonly topic: string
  readonly timeMs: number
  readonly data: string
}

const events = [
  { topic: 'orders/1', data: 1 },
  { topic: 'orders/2', type: 'paid', text: 'topic: forged\ntime: 0' },
  { topic: 'zürich/日本', data: 3 },
  { topic: 'id:/data:x', data: 4 },
]

let server: ServerProcess

beforeEach(async () => {
  server = await ServerProcess.start({ settings: { heartbeatMs: 100 } })
})

afterEach(async () => {
  await server[Symbol.asyncDispose]()
})

test('every event says its topic and time: live, replayed, and of topics that were added later', async () => {
  await using live = await Reading.begin('/events?topic=**')
  await using other = await Reading.begin('/events?topic=other')
  await publish()
  const page = await readPage()
  await live.has(page)
  await using replayed = await Reading.begin('/events?topic=**&last=100')
  await replayed.has(page)
  const { status } = await fetch(`${server.url}/streams/${other.clientId}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ add: ['**'], last: 100 }),
  })
  expect(status).toBe(200)
  // What is caught up with has no id, but everything else.
  await other.has(page.map((told) => ({ ...told, id: undefined })))
})

test('nothing else does: no control event, no heartbeat', async () => {
  await using reading = await Reading.begin('/events?topic=**', { 'last-event-id': 'no cursor' })
  await publish()
  await until('heartbeats', () => reading.blocks.filter(({ data }) => data === undefined).length > 2)
  const others = reading.blocks.filter(({ data, type }) => data === undefined || controlTypes.has(type))
  expect(others.map(({ type }) => type)).toEqual(expect.arrayContaining(['connected', 'gap', 'live']))
  expect(others.filter((block) => 'topic' in block || 'timeMs' in block)).toEqual([])
})

test('an EventSource in Node gets the events as if nothing had been added', async () => {
  using source = new PageSource(`${server.url}/events?topic=**`, ['message', 'paid'])
  await source.has(1, 'connected')
  await publish()
  const page = await readPage()
  await source.has(3, 'message')
  const got = source.events.filter(({ type }) => !controlTypes.has(type))
  expect(got.map(({ id, data }) => ({ id, data }))).toEqual(page.map(({ id, data }) => ({ id, data })))
  expect(source.opened).toBe(1)
})

describe.skipIf(isChromiumMissing)('in Chromium', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  test('so does the EventSource of the browser', async () => {
    await publish()
    const told = await readPage()
    const page = await browser.newPage()
    await page.goto(`${server.url}/`)
    const got = await page.evaluate(readUntilLive, '/events?topic=**&last=100')
    expect(got).toEqual(told.map(({ id, data }) => ({ id, data })))
    await page.close()
  })
})

const controlTypes = new Set(['connected', 'live', 'gap'])

/** One open stream, read without any SSE library. */
class Reading implements AsyncDisposable {
  readonly blocks: ReadBlock[] = []
  readonly #stopped = new AbortController()
  #done: Promise<unknown> = Promise.resolve()

  static async begin(path: string, headers: Record<string, string> = {}): Promise<Reading> {
    const reading = new Reading()
    const { signal } = reading.#stopped
    const { body } = await fetch(server.url + path, { headers, signal })
    const reader = new BlockReader((block) => reading.blocks.push(block))
    const bytes = new WritableStream<Uint8Array>({ write: (piece) => reader.push(piece) })
    reading.#done = body!.pipeTo(bytes, { signal }).catch(() => {})
    await until('the first block', () => reading.blocks.length > 0)
    return reading
  }

  get clientId(): string {
    return (JSON.parse(this.blocks[0]!.data!) as { clientId: string }).clientId
  }

  /** Waits until as many events have come, and holds them against the page. */
  async has(expected: readonly Told[]): Promise<void> {
    const published = () =>
      this.blocks.filter(({ type, data }) => data !== undefined && !controlTypes.has(type))
    await until('the events', () => published().length >= expected.length)
    const got = published().map(({ id, topic, timeMs, data }) => ({ id, topic, timeMs, data }))
    expect(got).toEqual(expected)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort()
    await this.#done
  }
}

async function publish(): Promise<void> {
  const { status } = await fetch(`${server.url}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  })
  expect(status).toBe(201)
}

async function readPage(): Promise<Told[]> {
  const began = Date.now() - 60_000
  const answer = await fetch(`${server.url}/api/events?topic=**`)
  const page = (await answer.json()) as {
    events: { id: string; topic: string; time: string; data?: unknown; text?: string }[]
  }
  expect(page.events.map(({ topic }) => topic)).toEqual(events.map(({ topic }) => topic))
  return page.events.map(({ id, topic, time, data, text }) => {
    const timeMs = Date.parse(time)
    expect(timeMs).toBeGreaterThan(began)
    return { id, topic, timeMs, data: text ?? JSON.stringify(data) }
  })
}

/** Runs in the page. */
function readUntilLive(path: string): Promise<{ id: string; data: string }[]> {
  return new Promise((resolve, reject) => {
    const got: { id: string; data: string }[] = []
    const source = new EventSource(path)
    for (const type of ['message', 'paid']) {
      source.addEventListener(type, ({ lastEventId, data }) => got.push({ id: lastEventId, data }))
    }
    source.addEventListener('live', () => {
      source.close()
      resolve(got)
    })
    source.addEventListener('error', () => {
      source.close()
      reject(new Error('the stream broke'))
    })
  })
}
