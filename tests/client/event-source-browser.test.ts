import {
  BadServer,
  type Behaviour,
  brokenOff,
  emptyStream,
  goodMediaTypes,
  gzipWithoutItsEnd,
  halfEvent,
  mediaType,
  redirect,
  redirectLoop,
  redirectStatuses,
  resetInHead,
  status,
  stream,
  times,
  wrongMediaTypes,
} from '@tidings/conformance/bad-server'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { pageWithModules, serveModules } from './client-modules.ts'
import { type SourceTrace, theEnd, traceOf } from './source-trace.ts'

/** What a page calls the class. */
const native = 'globalThis.EventSource'
const ours = "(await import('@tidings/client/event-source')).EventSource"

const soon = stream('retry: 1\n\n', { ending: 'end' })
const last = stream(`event: ${theEnd}\ndata\n\n`)
const body = 'id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n'

describe.skipIf(isChromiumMissing)("our EventSource and Chromium's own, in one page", () => {
  let server: BadServer
  let away: BadServer
  /** Another origin, whose answers no page may read. */
  let closed: BadServer
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    server = await BadServer.start({ cors: true, page: pageWithModules })
    away = await BadServer.start({ cors: true })
    closed = await BadServer.start()
    browser = await launchChromium()
    page = await browser.newPage()
    await serveModules(page)
    await page.goto(server.origin)
  })

  afterAll(async () => {
    await browser?.close()
    for (const each of [server, away, closed]) await each[Symbol.asyncDispose]()
  })

  function trace(url: string, source: string, init: object = {}): Promise<SourceTrace> {
    const given = [url, init, theEnd].map((value) => JSON.stringify(value))
    return page.evaluate(
      `(async () => (${traceOf})(new (${source})(${given[0]}, ${given[1]}), [], ${given[2]}))()`,
    )
  }

  /** Both hear the same of a script, which begins with a retry of a millisecond; what it was. */
  async function bothHear(...behaviours: (Behaviour | Behaviour[])[]): Promise<SourceTrace> {
    const script = () => server.script(soon, ...behaviours, last)
    const [mine, theirs] = await Promise.all([trace(script(), ours), trace(script(), native)])
    expect(mine).toEqual(theirs)
    return mine
  }

  const opened = ['open 1', 'error 0']

  // 408 is missing: browsers themselves repeat such a request, now and then (Fetch standard, 4.6).
  test.each([204, 201, 206, 400, 401, 403, 404, 425, 429, 500, 502, 503, 504])(
    'status %i is the end',
    async (code) => {
      const headers = { 'Content-Type': 'text/event-stream' }
      const { states } = await bothHear(status(code, { retryAfter: 0, headers }))
      expect(states).toEqual([...opened, 'error 2'])
    },
  )

  test.each([...wrongMediaTypes, undefined])('media type %s is the end', async (type) => {
    const { states } = await bothHear(mediaType(type, body, 'end'))
    expect(states).toEqual([...opened, 'error 2'])
  })

  // The standard does not look at the parameters; Chromium refuses every charset but UTF-8.
  test.each(goodMediaTypes.filter((type) => !/charset=(iso|windows)/.test(type)))(
    'media type %s is good',
    async (type) => {
      const { heard, states } = await bothHear(mediaType(type, body, 'end'))
      expect(heard).toHaveLength(3)
      expect(states).toEqual([...opened, ...opened, 'open 1'])
    },
  )

  test.each<[string, Behaviour | Behaviour[]]>([
    ['answers without a byte', times(3, emptyStream())],
    ['an end in the midst of an event', halfEvent(body, body.length - 1)],
    ['a gzip that is cut short', gzipWithoutItsEnd(': nothing\n\n'.repeat(100))],
  ])('%s is followed by another try', async (_what, behaviour) => {
    const { states } = await bothHear(behaviour)
    expect(states.at(-1)).toBe('open 1')
  })

  test('a connection that breaks is followed by another try', async () => {
    // What came just before may get lost, with either of them.
    const { states } = await bothHear(brokenOff(': nothing\n\n', 100))
    expect(states).toEqual([...opened, ...opened, 'open 1'])
  })

  test.each([0, 20])('a reset after %i bytes of the head is followed by another try', async (bytes) => {
    // Sometimes one of the browser's own, which neither of them sees.
    for (const source of [native, ours]) {
      const { heard } = await trace(server.script(soon, resetInHead(bytes), last), source)
      expect(heard).toHaveLength(1)
    }
  })

  test.each(redirectStatuses)(
    'a redirect with %i is followed, and the origin is that of its end',
    async (code) => {
      const far = () => away.script(stream(`data: 1\n\nevent: ${theEnd}\ndata\n\n`))
      const script = () => server.script(redirect(code, far()))
      const [mine, theirs] = await Promise.all([trace(script(), ours), trace(script(), native)])
      expect(mine).toEqual(theirs)
      expect(mine.heard.map(({ origin }) => origin)).toEqual([away.origin, away.origin])
    },
  )

  test('a loop of redirects is a network error', async () => {
    const { states } = await bothHear(times(21, redirectLoop()))
    expect(states).toEqual([...opened, 'error 0', 'open 1'])
  })

  describe('where ours says more, or is more careful', () => {
    const secrets = { headers: { Authorization: 'secret', 'X-Api-Key': 'secret' } }

    test('headers go along to the own origin, also after a redirect there', async () => {
      const target = server.script(last)
      await trace(server.script(redirect(307, target)), ours, secrets)
      expect(server.requestsTo(target)[0]?.headers).toMatchObject({
        authorization: 'secret',
        'x-api-key': 'secret',
      })
    })

    test('headers and bodies do not follow a redirect from the own origin to another: a network error', async () => {
      const target = away.script(last)
      for (const init of [secrets, { method: 'POST', body: 'secret' }]) {
        const { states } = await trace(server.script(soon, times(2, redirect(307, target)), last), ours, init)
        expect(states).toEqual([...opened, 'error 0', 'open 1'])
      }
      expect(away.requestsTo(target)).toEqual([])
    })

    test('nor one of another origin: the end', async () => {
      const target = server.script(last)
      const url = away.script(redirect(307, target))
      const message = await page.evaluate(`(async () => {
        const source = new (${ours})(${JSON.stringify(url)}, ${JSON.stringify(secrets)})
        const message = await new Promise((resolve) => { source.onerror = (event) => resolve(event.message) })
        return source.readyState + ': ' + message
      })()`)
      expect(message).toMatch(/^2: .* redirects, and a browser does not say where to/)
      expect(away.requestsTo(url)[0]?.headers.authorization).toBe('secret')
      expect(server.requestsTo(target)).toEqual([])
    })

    test('what another origin does not let the page read is the end for Chromium, and a network error for ours', async () => {
      // A page is not told why `fetch` has failed.
      const script = () => server.script(soon, redirect(307, closed.script(last)), last)
      expect((await trace(script(), native)).states).toEqual([...opened, 'error 2'])
      expect((await trace(script(), ours)).states).toEqual([...opened, 'error 0', 'open 1'])
    })

    test('cookies go to another origin only with withCredentials', async () => {
      await page.context().addCookies([{ name: 'session', value: 'mine', url: away.origin }])
      for (const source of [native, ours]) {
        for (const withCredentials of [false, true]) {
          const url = away.script(last)
          await trace(url, source, { withCredentials })
          expect(away.requestsTo(url)[0]?.headers.cookie).toBe(withCredentials ? 'session=mine' : undefined)
        }
      }
    })

    test('relative addresses are relative to the page', async () => {
      const url = server.script(last)
      await trace(new URL(url).pathname, ours, secrets)
      expect(server.requestsTo(url)).toHaveLength(1)
    })
  })
})
