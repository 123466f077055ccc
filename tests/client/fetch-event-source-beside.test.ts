import { readFile } from 'node:fs/promises'
import type { FetchEventSourceInit, fetchEventSource } from '@tidings/client/fetch-event-source'
import {
  BadServer,
  brokenOff,
  hardStreams,
  mediaType,
  noContent,
  numbered,
  numberedEvents,
  redirect,
  silentAfter,
  status,
  storm,
  stream,
  times,
} from '@tidings/conformance/bad-server'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { until } from '../support/until.ts'
import { pageWithModules, serveModules } from './client-modules.ts'

/** Both functions, as a page has them. */
type Which = 'ours' | 'theirs'
declare const functions: Record<Which, typeof fetchEventSource>
/** What a page notes down, for a test to read while it goes on. */
declare let notes: unknown[]

/** Their package as a browser imports it. Its own imports have no file names. */
const theirFolder = new URL('../../node_modules/@microsoft/fetch-event-source/lib/esm/', import.meta.url)

describe.skipIf(isChromiumMissing)(
  'fetchEventSource beside @microsoft/fetch-event-source, in Chromium',
  () => {
    let server: BadServer
    let browser: Browser
    let page: Page

    beforeAll(async () => {
      server = await BadServer.start({ cors: true, page: pageWithModules })
      browser = await launchChromium()
      page = await browser.newPage()
      await serveModules(page)
      await page.route('**/theirs/*', async (route) => {
        const name = new URL(route.request().url()).pathname.replace(/.*\//, '')
        const file = new URL(name.endsWith('.js') ? name : `${name}.js`, theirFolder)
        await route.fulfill({ contentType: 'text/javascript', body: await readFile(file, 'utf8') })
      })
    })

    afterAll(async () => {
      await browser?.close()
      await server[Symbol.asyncDispose]()
    })

    /** The page afresh, with nothing left of what went on there. */
    async function visit(): Promise<void> {
      await page.goto(server.origin)
      await page.evaluate(`(async () => {
      const ours = (await import('@tidings/client/fetch-event-source')).fetchEventSource
      const theirs = (await import('/theirs/index')).fetchEventSource
      Object.assign(globalThis, { functions: { ours, theirs }, notes: [] })
    })()`)
    }

    /** Runs in the page what a test wants to know of each function. */
    async function each<Found>(look: (which: Which) => Promise<Found>): Promise<Record<Which, Found>> {
      await visit()
      const ours = await look('ours')
      await visit()
      return { ours, theirs: await look('theirs') }
    }

    /** Lets something go on in the page until the next visit. */
    function begin(endless: Promise<unknown>): void {
      endless.catch(() => {})
    }

    /** Waits until the page has noted something down this many times. */
    function noted(count: number): Promise<unknown[]> {
      return until(`${count} notes`, async () => {
        const found = await page.evaluate(() => notes)
        return found.length >= count && found
      })
    }

    /** A headless browser shows every tab; this tells the page otherwise. */
    async function setHidden(isHidden: boolean): Promise<void> {
      await page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
        document.dispatchEvent(new Event('visibilitychange'))
      }, isHidden)
    }

    /** Reads until the end of what the server has to say, and notes every call down. */
    function read(
      which: Which,
      url: string,
      init: { openWhenHidden?: boolean; method?: string; body?: string } = {},
    ) {
      return page.evaluate(
        ({ which, url, init }) =>
          functions[which](url, {
            ...init,
            headers: { 'X-Mine': 'yes' },
            async onopen(response) {
              notes.push(['onopen', response.status])
              if (response.status !== 200) throw new Error(String(response.status))
            },
            onmessage({ id, event, data, retry }) {
              notes.push(['onmessage', { id, event, data, retry }])
              if (data === 'fail') throw new Error('failed')
            },
            onclose: () => void notes.push(['onclose']),
            onerror(error) {
              notes.push(['onerror', error instanceof TypeError ? 'TypeError' : String(error)])
              if (notes.length > 20) throw error
              return 1
            },
          }).then(
            () => void notes.push('fulfilled'),
            () => void notes.push('rejected'),
          ),
        { which, url, init },
      )
    }

    describe('the same', () => {
      test('what is called when, with what, from the first try to the end', async () => {
        const found = await each(async (which) => {
          const url = server.script(
            status(500),
            stream('retry: 5\nid: 1\nevent: update\ndata: 1\ndata: one\n\ndata: fail\n\n'),
            stream('data: 2\n\nid: 3\ndata: {"a":3}\n\n', { ending: 'end' }),
          )
          await read(which, url, { method: 'POST', body: 'question' })
          const requests = server.requestsTo(url).map(({ method, body, headers }) => ({
            method,
            body,
            mine: headers['x-mine'],
            accept: headers.accept,
            lastEventId: headers['last-event-id'],
          }))
          return { notes: await page.evaluate(() => notes), requests }
        })
        expect(found.ours).toEqual(found.theirs)
        expect(found.ours.notes.map((note) => [note].flat()[0])).toMatchInlineSnapshot(`
          [
            "onopen",
            "onerror",
            "onopen",
            "onmessage",
            "onmessage",
            "onerror",
            "onopen",
            "onmessage",
            "onmessage",
            "onclose",
            "fulfilled",
          ]
        `)
        expect(found.ours.requests.map(({ lastEventId }) => lastEventId)).toEqual([undefined, undefined, '1'])
      })

      test.each(['onopen', 'onmessage', 'onclose'])(
        'what %s throws goes to onerror, and what that throws ends it',
        async (name) => {
          const found = await each(async (which) => {
            const url = server.script(stream('data: 1\n\n', { ending: 'end' }))
            return page.evaluate(
              ({ which, url, name }) => {
                const order: string[] = []
                const fail = () => {
                  order.push(name)
                  throw new Error(name)
                }
                return functions[which](url, {
                  [name]: fail,
                  onerror(error: Error) {
                    order.push(`onerror: ${error.message}`)
                    if (order.length > 2) throw new Error('enough')
                    return 1
                  },
                }).catch((error) => [...order, error.message])
              },
              { which, url, name },
            )
          })
          expect(found.ours).toEqual(found.theirs)
          expect(found.ours).toEqual([name, `onerror: ${name}`, name, `onerror: ${name}`, 'enough'])
        },
      )

      test('without onopen, another media type is an error with the same words', async () => {
        const found = await each((which) => {
          const url = server.script(mediaType('text/html', '', 'end'))
          return page.evaluate(
            ({ which, url }) =>
              functions[which](url, {
                onerror(error) {
                  throw error
                },
              }).catch(String),
            { which, url },
          )
        })
        expect(found.ours).toEqual(found.theirs)
      })

      test('a page that is hidden closes the stream, and one that is shown opens it, unless it is to stay', async () => {
        const found = await each(async (which) => {
          const url = server.script(silentAfter('id: 1\ndata: 1\n\n'))
          begin(read(which, url))
          begin(read(which, `${url}?stays`, { openWhenHidden: true }))
          await noted(4)
          await setHidden(true)
          const closing = server.requestsTo(url).find(({ target }) => !target.includes('stays'))
          await closing?.closed
          await setHidden(false)
          await noted(6)
          return server
            .requestsTo(url)
            .map(({ target, headers }) => {
              const place = headers['last-event-id'] ?? 'the start'
              return `${target.includes('stays') ? 'stays' : 'closes'}, from ${place}`
            })
            .sort()
        })
        expect(found.ours).toEqual(found.theirs)
        expect(found.ours).toEqual(['closes, from 1', 'closes, from the start', 'stays, from the start'])
      })

      test('after the end, after an abort, and after what onerror has thrown, the page no longer matters', async () => {
        const found = await each(async (which) => {
          const good = server.script(stream('data: 1\n\n', { ending: 'end' }))
          const silent = server.script(silentAfter('data: 1\n\n'))
          const bad = server.script(status(500))
          await page.evaluate(
            async ({ which, good, silent, bad }) => {
              await functions[which](good, {})
              const controller = new AbortController()
              await functions[which](silent, {
                signal: controller.signal,
                onmessage: () => controller.abort(),
              })
              const onerror = (error: Error) => {
                throw error
              }
              await functions[which](bad, { onerror }).catch(() => {})
            },
            { which, good, silent, bad },
          )
          await setHidden(true)
          await setHidden(false)
          // What was sent would be there before the answer to this.
          await page.evaluate(() => fetch('/').then((response) => response.text()))
          return [good, silent, bad].map((url) => server.requestsTo(url).length)
        })
        expect(found).toEqual({ ours: [1, 1, 1], theirs: [1, 1, 1] })
      })

      test('an abort fulfils the promise, also while it waits for another try', async () => {
        const found = await each(async (which) => {
          const url = server.script(status(500))
          const abortWhileWaiting = page.evaluate(
            ({ which, url }) => {
              const controller = new AbortController()
              const onerror = () => {
                setTimeout(() => controller.abort())
                return 60_000
              }
              return functions[which](url, { signal: controller.signal, onerror }).then(() => 'fulfilled')
            },
            { which, url },
          )
          return [await abortWhileWaiting, server.requestsTo(url).length]
        })
        expect(found).toEqual({ ours: ['fulfilled', 1], theirs: ['fulfilled', 1] })
      })
    })

    describe('without its bugs', () => {
      test('the id of an event that was cut off is not taken for one that arrived: theirs loses the event', async () => {
        const found = await each(async (which) => {
          const half = numberedEvents(0, 2).slice(0, -'data: 2\n\n'.length)
          const url = server.script(silentAfter(half), numbered(3, { ending: 'end' }))
          const over = read(which, url)
          await noted(2)
          await setHidden(true)
          await setHidden(false)
          await over.catch(() => {})
          await until('the end', async () => (await page.evaluate(() => notes)).includes('fulfilled'))
          const calls = (await page.evaluate(() => notes)) as [string, { data: string }][]
          return calls.flatMap(([name, message]) =>
            name === 'onmessage' && message.data ? [message.data] : [],
          )
        })
        expect(found).toEqual({ ours: ['1', '2', '3'], theirs: ['1', '3'] })
      })

      test('blocks without data are no message: theirs calls onmessage for each comment, id and retry', async () => {
        const found = await each(async (which) => {
          const url = server.script(stream(': ping\n\nid: 1\n\nretry: 5\n\ndata: 1\n\n', { ending: 'end' }))
          await read(which, url)
          const calls = (await page.evaluate(() => notes)) as [string, { data: string }][]
          return calls.flatMap(([name, message]) => (name === 'onmessage' ? [message.data] : []))
        })
        expect(found).toEqual({ ours: ['1'], theirs: ['', '', '', '1'] })
      })

      test('the format: theirs fails on these streams', async () => {
        const found = await each(async (which) => {
          const failed: string[] = []
          for (const { name, body, messages } of hardStreams) {
            await page.evaluate(() => {
              notes = []
            })
            const url = server.script(stream(body, { ending: 'end' }))
            await read(which, url)
            const calls = (await page.evaluate(() => notes)) as [string, { data: string; event: string }][]
            const heard = calls.flatMap(([call, { data, event } = { data: '', event: '' }]) =>
              // That blocks without data are messages to them is another test's.
              call === 'onmessage' &&
              (which === 'ours' || data !== '' || messages.some((message) => message.data === ''))
                ? [{ data, type: event || 'message' }]
                : [],
            )
            const expected = messages.map(({ data, type }) => ({ data, type }))
            if (JSON.stringify(heard) !== JSON.stringify(expected)) failed.push(name)
          }
          return failed
        })
        expect(found.ours).toEqual([])
        expect(found.theirs).toMatchInlineSnapshot(`
          [
            "a byte order mark that is not at the beginning",
            "a field without a colon as one with an empty value",
            "empty lines of data, wherever they stand",
            "a byte order mark in a value as a character",
          ]
        `)
      })

      test('an id of other letters comes back as UTF-8: with it, theirs can not connect any more', async () => {
        const found = await each(async (which) => {
          const url = server.script(silentAfter('id: größe-日本\ndata: 1\n\n'), stream('', { ending: 'end' }))
          begin(read(which, url))
          await noted(2)
          await setHidden(true)
          await setHidden(false)
          await until('the end', async () => {
            const last = (await page.evaluate(() => notes)).at(-1)
            return last === 'fulfilled' || last === 'rejected'
          })
          const calls = (await page.evaluate(() => notes)) as unknown[][]
          return {
            requests: server.requestsTo(url).length,
            errors: calls.filter(([name]) => name === 'onerror').length,
          }
        })
        expect(found.ours).toEqual({ requests: 2, errors: 0 })
        expect(found.theirs.requests).toBe(1)
        expect(found.theirs.errors).toBeGreaterThan(5)
      })

      test.each(['onopen', 'onmessage'])(
        'when %s throws, the connection is closed: theirs stays open beside the next',
        async (name) => {
          const found = await each(async (which) => {
            const url = server.script(silentAfter('data: 1\n\n'))
            begin(
              page.evaluate(
                ({ which, url, name }) => {
                  let count = 0
                  const fail = () => {
                    if (++count === 1) throw new Error('once')
                    notes.push('second')
                  }
                  return functions[which](url, { [name]: fail, onerror: () => 1 })
                },
                { which, url, name },
              ),
            )
            await noted(1)
            const [first] = await server.received(2, url)
            if (which === 'ours') await first?.closed
            return first?.isClosed
          })
          expect(found).toEqual({ ours: true, theirs: false })
        },
      )

      test('abort in onerror is the end: theirs goes on trying, with nobody left to stop it', async () => {
        const found = await each(async (which) => {
          const url = server.script(status(500))
          await page.evaluate(
            ({ which, url }) => {
              const controller = new AbortController()
              const onerror = () => {
                controller.abort()
                return 1
              }
              return functions[which](url, { signal: controller.signal, onerror })
            },
            { which, url },
          )
          if (which === 'theirs') await server.received(2, url)
          // The time of a few tries by somebody else.
          await read(which, server.script(...storm(5, 503), noContent()))
          return server.requestsTo(url).length
        })
        expect(found.ours).toBe(1)
        expect(found.theirs).toBeGreaterThan(1)
      })

      test('a signal that has aborted before: theirs connects all the same', async () => {
        const found = await each(async (which) => {
          const url = server.script(stream('data: 1\n\n', { ending: 'end' }))
          await page.evaluate(({ which, url }) => functions[which](url, { signal: AbortSignal.abort() }), {
            which,
            url,
          })
          return server.requestsTo(url).length
        })
        expect(found).toEqual({ ours: 0, theirs: 1 })
      })

      test('abort in onmessage: theirs calls it again for the rest of the piece', async () => {
        const found = await each((which) => {
          const url = server.script(stream('data: 1\n\ndata: 2\n\ndata: 3\n\n'))
          return page.evaluate(
            async ({ which, url }) => {
              const controller = new AbortController()
              const heard: string[] = []
              const onmessage = ({ data }: { data: string }) => {
                heard.push(data)
                controller.abort()
              }
              await functions[which](url, { signal: controller.signal, onmessage })
              return heard
            },
            { which, url },
          )
        })
        expect(found).toEqual({ ours: ['1'], theirs: ['1', '2', '3'] })
      })

      test('listeners on the signal are taken away at the end: theirs stay', async () => {
        const found = await each((which) => {
          const url = server.script(stream('data: 1\n\n', { ending: 'end' }))
          return page.evaluate(
            async ({ which, url }) => {
              const { signal } = new AbortController()
              const listeners = new Set<unknown>()
              const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype
              Object.assign(signal, {
                addEventListener: (type: string, listener: () => void) => {
                  listeners.add(listener)
                  add.call(signal, type, listener)
                },
                removeEventListener: (type: string, listener: () => void) => {
                  listeners.delete(listener)
                  remove.call(signal, type, listener)
                },
              })
              await functions[which](url, { signal })
              return listeners.size
            },
            { which, url },
          )
        })
        expect(found).toEqual({ ours: 0, theirs: 1 })
      })

      test('a page that is hidden and shown while a try is awaited: theirs has two connections, and each event twice', async () => {
        const found = await each(async (which) => {
          const url = server.script(status(500), silentAfter('data: 1\n\n'))
          begin(
            page.evaluate(
              ({ which, url }) =>
                functions[which](url, {
                  onmessage: () => void notes.push('message'),
                  onerror: () => {
                    notes.push('error')
                    return 500
                  },
                }),
              { which, url },
            ),
          )
          await noted(1)
          await setHidden(true)
          await setHidden(false)
          await noted(which === 'ours' ? 2 : 3)
          // A timer that begins later than that of the try, and is as long, ends later.
          await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)))
          if (which === 'theirs') await server.received(3, url)
          return server.requestsTo(url).filter(({ isClosed }) => !isClosed).length
        })
        expect(found).toEqual({ ours: 1, theirs: 2 })
      })

      test('a page that is hidden sends nothing: theirs goes on trying after an error', async () => {
        const found = await each(async (which) => {
          const url = server.script(status(500))
          begin(
            page.evaluate(
              ({ which, url }) =>
                functions[which](url, {
                  onerror: () => {
                    // Hidden between two tries: theirs would take what it aborts itself for the end.
                    if (notes.push('error') === 2) {
                      Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })
                      document.dispatchEvent(new Event('visibilitychange'))
                    }
                    return 10
                  },
                }),
              { which, url },
            ),
          )
          await noted(2)
          // Timers that begin later than that of a try, and are as long, end later.
          for (let count = 0; count < 5; count++) {
            await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 10)))
          }
          if (which === 'theirs') await server.received(4, url)
          return server.requestsTo(url).length > 2
        })
        expect(found).toEqual({ ours: false, theirs: true })
      })

      test('a page that is hidden from the start sends nothing until it is shown: theirs does', async () => {
        const found = await each(async (which) => {
          const url = server.script(silentAfter('data: 1\n\n'))
          await setHidden(true)
          begin(read(which, url))
          if (which === 'theirs') await server.received(1, url)
          // What was sent would be there before the answer to this.
          await page.evaluate(() => fetch('/').then((response) => response.text()))
          const early = server.requestsTo(url).length
          await setHidden(false)
          await server.received(which === 'ours' ? 1 : 2, url)
          return early
        })
        expect(found).toEqual({ ours: 0, theirs: 1 })
      })

      test('a page that is hidden and shown at once: theirs takes its own abort for an error, and connects twice', async () => {
        const found = await each(async (which) => {
          const url = server.script(silentAfter('data: 1\n\n'))
          begin(read(which, url))
          await noted(2)
          await page.evaluate(() => {
            for (const hidden of [true, false]) {
              Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
              document.dispatchEvent(new Event('visibilitychange'))
            }
          })
          await server.received(which === 'ours' ? 2 : 3, url)
          const calls = (await noted(4)) as unknown[][]
          return calls.filter(([name]) => name === 'onerror').length
        })
        expect(found).toEqual({ ours: 0, theirs: 1 })
      })

      test('a Request with headers and a body: theirs drops the headers, and can not send the body again', async () => {
        const found = await each(async (which) => {
          const url = server.script(...times(2, brokenOff('data: 1\n\n', 9)), stream('', { ending: 'end' }))
          await page.evaluate(
            ({ which, url }) => {
              let count = 0
              const request = new Request(url, {
                method: 'POST',
                body: 'question',
                headers: { 'X-Mine': 'yes' },
              })
              return functions[which](request, {
                onerror(error) {
                  if (++count > 5) throw error
                  return 1
                },
              }).catch(() => {})
            },
            { which, url },
          )
          return server.requestsTo(url).map(({ body, headers }) => [body, headers['x-mine']])
        })
        expect(found.ours).toEqual(Array(3).fill(['question', 'yes']))
        expect(found.theirs).toEqual([['question', undefined]])
      })

      test('headers in other letters, or in a Headers: theirs asks for two media types, or sends none of them', async () => {
        const found = await each(async (which) => {
          const url = server.script(stream('', { ending: 'end' }))
          await page.evaluate(
            async ({ which, url }) => {
              await functions[which](url, { headers: { Accept: 'text/x-mine' }, async onopen() {} })
              const headers = new Headers({ 'X-Mine': 'yes' }) as unknown as Record<string, string>
              await functions[which](url, { headers })
            },
            { which, url },
          )
          const [first, second] = server.requestsTo(url)
          return [first?.headers.accept, second?.headers['x-mine']]
        })
        expect(found.ours).toEqual(['text/x-mine', 'yes'])
        expect(found.theirs).toEqual(['text/x-mine, text/event-stream', undefined])
      })

      test('headers stay home when a redirect leads to another origin: theirs go there', async () => {
        const found = await each(async (which) => {
          await using away = await BadServer.start({ cors: true })
          const target = away.script(stream('data: 1\n\n', { ending: 'end' }))
          const url = server.script(redirect(307, target))
          const outcome = await page.evaluate(
            ({ which, url }) =>
              functions[which](url, {
                headers: { 'X-Api-Key': 'secret' },
                onerror(error) {
                  throw error
                },
              }).catch((error) => error.name),
            { which, url },
          )
          return [outcome, ...away.requestsTo(target).map(({ headers }) => headers['x-api-key'])]
        })
        expect(found).toEqual({ ours: ['TypeError'], theirs: [undefined, 'secret'] })
      })

      test('an onerror that gives a promise is waited for: theirs tries again at once, and does not hear it fail', async () => {
        const found = await each(async (which) => {
          const url = server.script(status(500), stream('', { ending: 'end' }))
          return page.evaluate(
            ({ which, url }) => {
              const onerror = async (error: unknown) => {
                throw error
              }
              const init = { onerror } as unknown as FetchEventSourceInit
              return functions[which](url, init).then(
                () => 'fulfilled',
                () => 'rejected',
              )
            },
            { which, url },
          )
        })
        expect(found).toEqual({ ours: 'rejected', theirs: 'fulfilled' })
      })
    })
  },
)
