import { EventSource } from '@tidings/client/event-source'
import { BadServer, hardStreams, stream, streamInPieces, textOf } from '@tidings/conformance/bad-server'
import { EventSource as NpmEventSource } from 'eventsource'
import fc from 'fast-check'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { pageWithModules, serveModules } from './client-modules.ts'
import { anyPieces, anyStreamBytes, someTypes } from './generated-stream.ts'
import { type AnySource, type SourceTrace, theEnd, traceOf } from './source-trace.ts'

/** What a source has heard, and the id with which it came back. */
interface Passage extends SourceTrace {
  readonly lastEventId: string | undefined
}

/** What a page calls the class. */
const native = 'globalThis.EventSource'
const oursInPage = "(await import('@tidings/client/event-source')).EventSource"

let server: BadServer
let browser: Browser | undefined
let page: Page

beforeAll(async () => {
  server = await BadServer.start({ cors: true, page: pageWithModules })
  if (isChromiumMissing) return
  browser = await launchChromium()
  page = await browser.newPage()
  await serveModules(page)
  await page.goto(server.origin)
})

afterAll(async () => {
  await browser?.close()
  await server[Symbol.asyncDispose]()
})

describe('our EventSource beside the one of npm', () => {
  test('any stream, cut anywhere, is the same to both: events, ids, types, and the id to come back with', async () => {
    await fc.assert(
      fc.asyncProperty(anyStreamBytes, anyPieces, async (bytes, cut) => {
        fc.pre(!hasSecondMark(bytes) && canComeBack(bytes))
        const [ours, theirs] = await Promise.all([
          pass(cut(bytes), (url) => here(new EventSource(url))),
          pass(cut(bytes), (url) => here(new NpmEventSource(url))),
        ])
        expect(ours).toEqual(theirs)
      }),
      { numRuns: 100 },
    )
  })
})

describe.skipIf(isChromiumMissing)("our EventSource beside Chromium's own", () => {
  test('any stream, cut anywhere, is the same to both: events, ids, types, and the id to come back with', async () => {
    await fc.assert(
      fc.asyncProperty(anyStreamBytes, anyPieces, async (bytes, cut) => {
        fc.pre(!hasEndAfterMark(bytes) && canComeBack(bytes))
        const [ours, theirs] = await Promise.all([
          pass(cut(bytes), (url) => here(new EventSource(url))),
          pass(cut(bytes), (url) => inPage(url, native)),
        ])
        expect(ours).toEqual(theirs)
      }),
      { numRuns: 100 },
    )
  })

  test.each(hardStreams)('it takes $name', async ({ body, messages, lastEventId }) => {
    const types = messages.map(({ type }) => type)
    const [ours, theirs] = await Promise.all([
      pass([Buffer.from(body)], (url) => traceOf(new EventSource(url), types, theEnd)),
      pass([Buffer.from(body)], (url) => inPage(url, native, types)),
    ])
    expect(ours).toEqual(theirs)
    const heard = ours.heard.filter(({ type }) => type !== theEnd).map(({ origin, ...message }) => message)
    expect(heard).toEqual(messages)
    expect(ours.lastEventId).toBe(lastEventId || undefined)
  })

  test('inside Chromium, too, ours hears what its own hears', async () => {
    await fc.assert(
      fc.asyncProperty(anyStreamBytes, anyPieces, async (bytes, cut) => {
        fc.pre(!hasEndAfterMark(bytes) && canComeBack(bytes))
        const [ours, theirs] = await Promise.all([
          pass(cut(bytes), (url) => inPage(url, oursInPage)),
          pass(cut(bytes), (url) => inPage(url, native)),
        ])
        expect(ours).toEqual(theirs)
      }),
      { numRuns: 50 },
    )
  })
})

/** Lets a source hear the pieces and the end of the answer, come back, and hear that this was all. */
async function pass(
  pieces: readonly Uint8Array[],
  listen: (url: string) => Promise<SourceTrace>,
): Promise<Passage> {
  const url = server.script(
    // Nobody wants to wait the three seconds of the default.
    stream('retry: 1\n\n', { ending: 'end' }),
    streamInPieces(pieces, { ending: 'end' }),
    stream(`retry: 1\nevent: ${theEnd}\ndata\n\n`),
  )
  const trace = await listen(url)
  const [, , last] = server.requestsTo(url)
  return { ...trace, lastEventId: textOf(last?.headers['last-event-id']) }
}

function here(source: AnySource): Promise<SourceTrace> {
  return traceOf(source, someTypes, theEnd)
}

function inPage(url: string, source: string, types = someTypes): Promise<SourceTrace> {
  const [address, list, end] = [url, types, theEnd].map((value) => JSON.stringify(value))
  return page.evaluate(`(async () => (${traceOf})(new (${source})(${address}), ${list}, ${end}))()`)
}

/** The one of npm takes a byte order mark away when decoding and again when parsing; the standard takes one away. */
function hasSecondMark(bytes: Uint8Array): boolean {
  return Buffer.from(bytes).toString('utf8').startsWith('\uFEFF\uFEFF')
}

/** Chromium does not see a line's end that comes directly after the byte order mark; of CRLF it sees the LF. */
function hasEndAfterMark(bytes: Uint8Array): boolean {
  return /^\uFEFF(?:\n|\r(?!\n))/.test(Buffer.from(bytes).toString('utf8'))
}

/** Node's server, and Node's `fetch`, refuse control characters in headers: such an id can't come back through them. */
function canComeBack(bytes: Uint8Array): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  return !/^\uFEFF?id.*[\u0001-\u0008\u000B\u000C\u000E-\u001F\u007F]/m.test(
    Buffer.from(bytes).toString('utf8').replaceAll('\r', '\n'),
  )
}
