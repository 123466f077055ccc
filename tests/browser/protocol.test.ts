import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeBlock, encodeComment } from '@tidings/protocol'
import fc from 'fast-check'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  anyCuts,
  anyStream,
  expectedOf,
  hardStream,
  type Part,
  piecesOf,
  type Received,
} from '../../packages/protocol/src/encode.cases.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

describe.skipIf(isChromiumMissing)(
  'what the encoder writes, read by the EventSource of a real Chromium',
  () => {
    const answers: Answer[] = []
    let server: Server
    let browser: Browser
    let page: Page

    beforeAll(async () => {
      server = createServer((request, response) => {
        const answer = answers[Number(request.url?.slice(1) || Number.NaN)]
        if (answer !== undefined) return answer(request, response)
        response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>page</title>')
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      browser = await launchChromium()
      page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    })

    afterAll(async () => {
      await browser?.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })

    test('every hard payload arrives as it was sent, line ends as LF', async () => {
      expect(await receive(hardStream, [1, 7, 100, 1_000])).toEqual(expectedOf(hardStream))
    })

    test('every hard payload arrives as it was sent, a few bytes at a time', async () => {
      expect(await receive(hardStream, 'every byte')).toEqual(expectedOf(hardStream))
    })

    test('any stream, cut anywhere, arrives as the model says', async () => {
      await fc.assert(
        fc.asyncProperty(anyStream, anyCuts, async (parts, cuts) => {
          expect(await receive(parts, cuts)).toEqual(expectedOf(parts))
        }),
        { numRuns: 100 },
      )
    })

    test('an id-only block, a comment and a retry are no events, but the next event bears the id', async () => {
      const parts: Part[] = [
        { kind: 'block', block: { id: 'one', data: '1' } },
        { kind: 'comment', text: '' },
        { kind: 'block', block: { id: 'two' } },
        { kind: 'block', block: { retry: 5_000 } },
        { kind: 'block', block: { type: 'update' } },
        { kind: 'block', block: { data: '2' } },
      ]
      expect(await receive(parts, 'every byte')).toEqual([
        { type: 'message', data: '1', lastEventId: 'one' },
        { type: 'message', data: '2', lastEventId: 'two' },
      ])
    })

    test('a heartbeat alone moves the id with which the browser comes back, after the time it was told', async () => {
      const beat = encodeComment('') + encodeBlock({ id: 'k3v9x0a1b2.7pt.m2k9x' })
      const opening = encodeBlock({ retry: 5_000, type: 'connected', id: 'k3v9x0a1b2.7ps.x9k2m', data: '{}' })
      const { ids, delayMs } = await comeBack(opening + beat)
      expect(ids).toEqual([undefined, 'k3v9x0a1b2.7pt.m2k9x'])
      // Its own default is 3 seconds, and a browser that is busy is late, but never early.
      expect(delayMs).toBeGreaterThan(4_900)
    })

    test('a block that was cut off before its empty line counts for nothing, its id included', async () => {
      const half = encodeBlock({ id: 'k3v9x0a1b2.7pt.m2k9x', data: 'half' }).slice(0, -1)
      const { ids, received } = await comeBack(
        encodeBlock({ retry: 1, id: 'k3v9x0a1b2.7ps.x9k2m', data: 'whole' }) + half,
      )
      expect(ids).toEqual([undefined, 'k3v9x0a1b2.7ps.x9k2m'])
      expect(received).toEqual(['whole'])
    })

    /** What the page receives of a stream, up to a last block of ours that says that this was all. */
    async function receive(
      parts: readonly Part[],
      cuts: readonly number[] | 'every byte',
    ): Promise<Received[]> {
      const end = 'the end of this case'
      const all: Part[] = [...parts, { kind: 'block', block: { type: end, data: '' } }]
      const path = `/${answers.push(stream(piecesOf(all, cuts, 4_000))) - 1}`
      const types = [...new Set(expectedOf(all).map(({ type }) => type))]
      return page.evaluate(collect, { path, types, end })
    }

    /** Lets the page read a stream that ends, and come back once: with which ids it asked, and when. */
    async function comeBack(text: string): Promise<{ ids: unknown[]; delayMs: number; received: string[] }> {
      const ids: unknown[] = []
      const times: number[] = []
      const path = `/${
        answers.push((request, response) => {
          ids.push(request.headers['last-event-id'])
          times.push(performance.now())
          // 204 is the one answer after which an EventSource is content to stay away.
          if (ids.length > 1) response.writeHead(204).end()
          else response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(text)
        }) - 1
      }`
      const received = await page.evaluate(readUntilClosed, path)
      return { ids, delayMs: times[1]! - times[0]!, received }
    }
  },
)

function stream(pieces: readonly Uint8Array[]): Answer {
  return (_request, response) => {
    response.socket?.setNoDelay(true)
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    void writePieces(response, pieces)
  }
}

/** Writes one piece after another, each as a chunk of its own, once the one before has left. */
async function writePieces(response: ServerResponse, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    if (response.destroyed) return
    await new Promise((resolve) => response.write(piece, resolve))
  }
}

/** Runs in the page. */
function collect(given: { path: string; types: string[]; end: string }): Promise<Received[]> {
  return new Promise((resolve, reject) => {
    const received: Received[] = []
    const source = new EventSource(given.path)
    const listen = (event: Event) => {
      // Its own `open` and `error` are no messages; ours of the same name are.
      if (!(event instanceof MessageEvent)) return
      const { type, data, lastEventId } = event as MessageEvent<string>
      if (type !== given.end) return void received.push({ type, data, lastEventId })
      source.close()
      resolve(received)
    }
    for (const type of given.types) source.addEventListener(type, listen)
    source.addEventListener('error', (event) => {
      if (event instanceof MessageEvent) return
      source.close()
      reject(new Error('the stream broke'))
    })
  })
}

/** Runs in the page. */
function readUntilClosed(path: string): Promise<string[]> {
  return new Promise((resolve) => {
    const received: string[] = []
    const source = new EventSource(path)
    source.addEventListener('message', (event) => received.push(event.data as string))
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) resolve(received)
    })
  })
}
