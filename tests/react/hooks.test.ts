import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { Kit, type ReactVersion } from './kit.ts'
import { KitVisit, type KitVisitOptions } from './kit-visit.ts'

describe.skipIf(isChromiumMissing).each([19, 18] satisfies ReactVersion[])('hooks on React %i', (react) => {
  let browser: Browser
  let kit: Kit
  let server: ServerProcess

  beforeAll(async () => {
    ;[browser, kit, server] = await Promise.all([launchChromium(), Kit.build(react), ServerProcess.start()])
  })

  afterAll(async () => {
    await browser?.close()
    await kit?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })

  const visit = (view: string, more: Partial<KitVisitOptions> = {}) =>
    KitVisit.begin(browser, { kit, server, view, ...more })

  test('StrictMode, which mounts everything twice, opens one connection; its end closes it', async () => {
    await using there = await visit('connection')
    await there.sees('live, connected, attempt 0')
    const streams: string[] = []
    there.page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/events') streams.push(request.url())
    })
    await there.page.reload()
    await there.sees('live, connected, attempt 0')
    expect(await there.page.evaluate(() => globalThis.reactVersion)).toMatch(new RegExp(`^${react}\\.`))
    await until('one open stream', async () => (await there.openStreams()) === 1)
    expect(streams).toHaveLength(1)
    await there.page.evaluate(() => globalThis.unmount())
    await until('the stream to be closed', async () => (await there.openStreams()) === 0)
    expect(there.complaints).toEqual([])
  })

  test('the topics of all parts that are there at first are in the first request', async () => {
    const urls: string[] = []
    await using there = await visit('connection')
    there.page.on('request', (request) => urls.push(request.method() + new URL(request.url()).search))
    await there.page.goto(there.page.url().replace('connection', 'everything'))
    await there.sees('Connected')
    const stream = urls.find((url) => url.includes('topic='))!
    const topics = new URLSearchParams(stream.slice(stream.indexOf('?'))).getAll('topic')
    expect(topics.toSorted()).toEqual(['activity/*', 'broadcast', 'orders/*', 'user/demo-user'])
    expect(urls.filter((url) => url.startsWith('PATCH'))).toEqual([])
  })

  test('a part that comes later adds its topic to the open stream, and takes it away again', async () => {
    await using there = await visit('coming')
    await until('the stream', async () => (await there.openStreams()) === 1)
    const changes: string[] = []
    there.page.on('request', (request) => {
      if (request.method() === 'PATCH') changes.push(request.postData()!)
    })
    await there.page.getByRole('button', { name: 'Toggle' }).click()
    await until('the topic to be added', () => changes.length === 1)
    expect(JSON.parse(changes[0]!).add).toEqual(['orders/*'])
    let at = 0
    await until('an event of it', async () => {
      at++
      await there.publish('orders/1', { at })
      return (await there.page.getByRole('status').textContent()) !== 'null'
    })
    await there.page.getByRole('button', { name: 'Toggle' }).click()
    await until('the topic to be removed', () => changes.length === 2)
    expect(JSON.parse(changes[1]!).remove).toEqual(['orders/*'])
    expect(there.complaints).toEqual([])
  })

  test('2,000 events that arrive in one turn are all there, in order, after one render', async () => {
    await using there = await visit('events&keep=2000', { isScripted: true })
    await there.sees('0 events')
    const before = await there.page.evaluate(() => globalThis.probe.renders)
    await there.page.evaluate(() => globalThis.scripted.burst(2_000, 'orders/1'))
    await there.sees('2000 events')
    const { renders, data } = await there.page.evaluate(() => ({
      renders: globalThis.probe.renders,
      data: globalThis.probe.events.map((event) => (event.data as { at: number }).at),
    }))
    expect(data).toEqual(Array.from({ length: 2_000 }, (_, at) => at))
    expect(renders - before).toBe(1)
    expect(there.complaints).toEqual([])
  })

  test('events that arrive one turn after another are drawn once a frame', async () => {
    await using there = await visit('events&keep=2000', { isScripted: true })
    await there.sees('0 events')
    const before = await there.page.evaluate(() => globalThis.probe.renders)
    const { frames, ms } = await there.page.evaluate(async () => {
      const turn = () =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel()
          port1.onmessage = resolve
          port2.postMessage('next')
        })
      let frames = 0
      const count = () => {
        frames++
        requestAnimationFrame(count)
      }
      requestAnimationFrame(count)
      const start = performance.now()
      for (let at = 0; at < 50; at++) {
        globalThis.scripted.burst(40, 'orders/1')
        await turn()
      }
      return { frames, ms: performance.now() - start }
    })
    await there.sees('2000 events')
    const renders = (await there.page.evaluate(() => globalThis.probe.renders)) - before
    // Where no frame comes in time, a timer of 100 ms stands in for it.
    expect(renders).toBeLessThanOrEqual(frames + Math.ceil(ms / 100) + 2)
  })

  test('2,000 events of one publish arrive from a server, and the newest are kept', async () => {
    await using there = await visit('events&keep=300')
    await until('the stream', async () => (await there.openStreams()) === 1)
    const batch = Array.from({ length: 2_000 }, (_, at) => ({ topic: 'orders/1', data: { at } }))
    await there.post('/api/events', batch.slice(0, 1_000))
    await there.post('/api/events', batch.slice(1_000))
    const data = await until('the last one', () =>
      there.page.evaluate(() => {
        const found = globalThis.probe.events.map((event) => (event.data as { at: number }).at)
        return found.at(-1) === 1_999 ? found : undefined
      }),
    )
    expect(data).toEqual(Array.from({ length: 300 }, (_, at) => 1_700 + at))
  })

  test('the past comes from the log, each event once, though some arrive meanwhile', async () => {
    await using own = await ServerProcess.start()
    await using there = await visit('connection', { server: own })
    for (let at = 0; at < 8; at++) await there.publish('orders/1', { at })
    const isHeard = async () => {
      const answer = await fetch(`${own.url}/api/presence?topic=orders/1`)
      return ((await answer.json()) as { streams: Record<string, number> }).streams['orders/1'] === 1
    }
    let isPublished = false
    await there.page.route(`${own.url}/api/events?**`, async (route) => {
      // The page of the log is read late: by then the next two have arrived. It may even be asked for before the stream
      // is there, if that takes long.
      await until('two more to arrive', async () => {
        if (!isPublished && (await isHeard()) && !isPublished) {
          isPublished = true
          for (const at of [8, 9]) await there.publish('orders/1', { at })
        }
        return (await there.page.evaluate(() => globalThis.probe.events.length)) === 2
      })
      await route.continue()
    })
    await there.page.goto(there.page.url().replace('connection', 'events&past=5'))
    await there.sees('5 events')
    const data = await there.page.evaluate(() => globalThis.probe.events.map(({ data }) => data))
    expect(data).toEqual([5, 6, 7, 8, 9].map((at) => ({ at })))
  })

  test('an event is there once, though two topics match it, or it comes again; without an id it always counts', async () => {
    await using there = await visit('events&topic=orders/*,orders/1', { isScripted: true })
    await there.page.evaluate(() =>
      globalThis.scripted.deliver([
        { id: 'same', data: 1 },
        { id: 'same', data: 1 },
        { id: 'other', data: 2 },
        { id: '', data: 3 },
        { id: '', data: 3 },
      ]),
    )
    await there.sees('4 events')
  })

  test('a server that does not name topics is heard too', async () => {
    await using there = await visit('events&topic=orders/*', { isScripted: true })
    await there.page.evaluate(() =>
      globalThis.scripted.deliver([{ topic: undefined }, { topic: 'elsewhere' }, { topic: 'orders/1' }]),
    )
    await there.sees('2 events')
  })

  test('another user has another stream and another inbox, and the old stream is closed', async () => {
    await using own = await ServerProcess.start()
    await using there = await visit('users', { server: own })
    await there.sees('live, connected, attempt 0')
    await there.post('/api/notifications/alice', { type: 'info', title: 'for Alice', message: 'A message' })
    await there.post('/api/notifications/bob', { type: 'info', title: 'for Bob', message: 'A message' })
    await there.sees('for Alice')
    const before = await there.openStreams()
    await there.page.getByRole('button', { name: 'Be Bob' }).click()
    await there.sees('for Bob')
    expect(await there.page.getByText('for Alice').count()).toBe(0)
    await until('the old stream to be closed', async () => (await there.openStreams()) === before)
    await there.post('/api/notifications/bob', { type: 'info', title: 'also for Bob', message: 'A message' })
    await there.sees('also for Bob')
    expect(there.complaints).toEqual([])
  })

  test('tabs that share have one stream, all that comes, and one toast', async () => {
    await using own = await ServerProcess.start()
    await using one = await visit('everything&shared=1', { server: own })
    await one.sees('Connected')
    await using other = await visit('everything&shared=1', { server: own, context: one.page.context() })
    await other.sees('Connected')
    await until('one stream for both', async () => (await one.openStreams()) === 1)
    await one.notify('Deploy complete')
    for (const tab of [one, other])
      await tab.page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor()
    const toasts = async (tab: KitVisit) => tab.page.locator('.tidings-toast').count()
    await until('the toast', async () => (await toasts(one)) + (await toasts(other)) > 0)
    expect((await toasts(one)) + (await toasts(other))).toBe(1)
    // The tab that holds the connection is closed: the other one takes over, and misses nothing.
    await one.page.close()
    await other.notify('Another')
    await other.page.getByRole('button', { name: 'Notifications, 2 unread' }).waitFor()
    await until('one stream', async () => (await other.openStreams()) === 1)
    expect(other.complaints).toEqual([])
  })

  test('useLatest has the newest event of its types', async () => {
    await using there = await visit('latest')
    await until('the stream', async () => (await there.openStreams()) === 1)
    await there.publish('orders/1', { item: 'tea' })
    await there.publish('orders/1', { item: 'coffee' })
    await there.publish('orders/1', { item: 'none' }, 'refund')
    await there.sees('{"item":"coffee"}')
  })

  test('usePublish says what became of it, and never throws', async () => {
    await using there = await visit('publish')
    await until('the stream', async () => (await there.openStreams()) === 1)
    await there.page.getByRole('button', { name: 'Send', exact: true }).click()
    await there.sees('idle · no error · fsync · {"item":"tea"}')
    await there.page.getByRole('button', { name: 'Send what is refused' }).click()
    await there.sees(/idle · .*\$metrics.* · no receipt/)
    await there.page.getByRole('button', { name: 'Reset' }).click()
    await there.sees('idle · no error · no receipt')
    // The browser itself notes the refused request.
    expect(
      there.complaints.filter((words) => !words.includes('status of 403') && !words.includes('status of 4')),
    ).toEqual([])
  })

  test('the connection is told as it is, also when the server dies and comes back', async () => {
    await using own = await ServerProcess.start()
    await using there = await visit('connection', { server: own })
    await there.sees('live, connected, attempt 0')
    await own.kill('SIGKILL')
    await there.sees(/waiting, not connected, attempt \d/)
    await own.start()
    await there.sees(/live, connected/)
  })

  test('a page that a server has rendered is taken over as it is', async () => {
    const markup = await kit.render('everything')
    expect(markup).toContain('Notifications')
    expect(markup).not.toMatch(/style=/)
    await using there = await visit('everything', { isRendered: true })
    await there.notify('Deploy complete')
    await there.page.getByRole('button', { name: 'Notifications, ' }).waitFor()
    expect(there.complaints).toEqual([])
  })
})
