import { fetchEventSource as theirs } from '@microsoft/fetch-event-source'
import {
  type EventSourceMessage,
  EventStreamContentType,
  fetchEventSource,
} from '@tidings/client/fetch-event-source'
import {
  BadServer,
  brokenOff,
  cutsOf,
  halfEvent,
  hardStreams,
  lineWithoutEnd,
  mediaType,
  noContent,
  numbered,
  numberedEvents,
  redirect,
  redirectStatuses,
  resetAfter,
  silentAfter,
  silentFromTheStart,
  status,
  storm,
  stream,
  textOf,
} from '@tidings/conformance/bad-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const soon = () => 1

let server: BadServer
let away: BadServer

beforeAll(async () => {
  server = await BadServer.start()
  away = await BadServer.start()
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await away[Symbol.asyncDispose]()
})

/** All messages until the server has ended the stream in order. */
async function read(url: string): Promise<EventSourceMessage[]> {
  const messages: EventSourceMessage[] = []
  await fetchEventSource(url, { onmessage: (message) => messages.push(message), onerror: soon })
  return messages
}

describe('where there is no page', () => {
  test('it reads to the end, and the promise is fulfilled', async () => {
    const url = server.script(
      stream('retry: 5\nid: 1\nevent: update\ndata: a\n\ndata: b\n\n', { ending: 'end' }),
    )
    expect(await read(url)).toEqual([
      { id: '1', event: 'update', data: 'a', retry: 5 },
      { id: '', event: '', data: 'b' },
    ])
    expect(server.requestsTo(url)[0]).toMatchObject({
      method: 'GET',
      headers: { accept: EventStreamContentType },
    })
  })

  test('theirs fails there at once', async () => {
    await expect(theirs(server.script(stream('')), { openWhenHidden: true })).rejects.toThrow(
      'window is not defined',
    )
  })

  test('without anything but an address, it reads and keeps silent', async () => {
    await fetchEventSource(server.script(stream('data: 1\n\n', { ending: 'end' })))
  })

  test('an answer without a body is one that has ended', async () => {
    let closed = 0
    await fetchEventSource(server.script(noContent()), { async onopen() {}, onclose: () => void closed++ })
    expect(closed).toBe(1)
  })

  test('without onerror, failures are tried again: after a second, or what the server says', async () => {
    const url = server.script(status(500), brokenOff('retry: 20\n\n', 11), stream('', { ending: 'end' }))
    await fetchEventSource(url)
    const [first, second, third] = server.requestsTo(url)
    expect(second!.atMs - first!.atMs).toBeGreaterThan(990)
    expect(third!.atMs - second!.atMs).toBeGreaterThan(15)
  })
})

describe('a stream that ends too early goes on after the last whole event', () => {
  const whole = numberedEvents(0, 3)

  test.each([
    ['is closed without its end', brokenOff],
    ['is reset', resetAfter],
  ])('after each byte of three events: it %s', async (_how, broken) => {
    const urls = cutsOf(whole).map((bytes) =>
      server.script(broken(whole, bytes), numbered(3, { ending: 'end' })),
    )
    for (const messages of await Promise.all(urls.map(read))) {
      expect(messages.map(({ id, data }) => [id, data])).toEqual([
        ['1', '1'],
        ['2', '2'],
        ['3', '3'],
      ])
    }
  })

  test('one that ends in order is at its end, unless onclose says otherwise', async () => {
    const urls = cutsOf(whole).map((bytes) =>
      server.script(halfEvent(whole, bytes), numbered(3, { ending: 'end' })),
    )
    await Promise.all(
      urls.map(async (url) => {
        const heard: string[] = []
        const onclose = () => {
          if (heard.length < 3) throw new Error('too early')
        }
        await fetchEventSource(url, { onmessage: ({ data }) => heard.push(data), onclose, onerror: soon })
        expect(heard).toEqual(['1', '2', '3'])
      }),
    )
  })
})

describe('what the bad server does', () => {
  test.each(hardStreams)('it takes $name', async ({ body, messages, lastEventId }) => {
    // An end that is none, so that there is another request.
    const url = server.script(stream(body, { ending: 'end' }), stream('', { ending: 'end' }))
    const heard: { data: string; type: string }[] = []
    let closed = 0
    await fetchEventSource(url, {
      onmessage: ({ data, event }) => heard.push({ data, type: event || 'message' }),
      onclose() {
        if (++closed === 1) throw new Error('once more')
      },
      onerror: soon,
    })
    expect(heard).toEqual(messages.map(({ data, type }) => ({ data, type })))
    const id = textOf(server.requestsTo(url)[1]?.headers['last-event-id'])
    // An empty id is not sent at all.
    expect(id).toBe(lastEventId || undefined)
  })

  test('a storm of 503 passes', async () => {
    const url = server.script(...storm(3, 503), stream('data: 1\n\n', { ending: 'end' }))
    expect(await read(url)).toHaveLength(1)
    expect(server.requestsTo(url)).toHaveLength(4)
  })

  test('an answer of another media type is let go of before the next try', async () => {
    const url = server.script(mediaType('text/event-streams', 'data: 1\n\n'), stream('', { ending: 'end' }))
    expect(await read(url)).toEqual([])
    await server.requestsTo(url)[0]?.closed
  })

  test('a line of 100 MB is a failure soon after maxEventBytes', async () => {
    const url = server.script(lineWithoutEnd())
    const onerror = (error: Error) => {
      throw error
    }
    await expect(fetchEventSource(url, { maxEventBytes: 1_000, onerror })).rejects.toThrow('maxEventBytes')
    const [request] = server.requestsTo(url)
    await request?.closed
    expect(request?.sentBytes).toBeLessThan(20_000_000)
  })

  test.each([
    ['that never answers', silentFromTheStart()],
    ['that says nothing any more', silentAfter('data: 1\n\n')],
  ])('an abort hangs up on a server %s', async (_what, behaviour) => {
    const url = server.script(behaviour)
    const controller = new AbortController()
    const errors: unknown[] = []
    const over = fetchEventSource(url, {
      signal: controller.signal,
      onerror: (error) => void errors.push(error),
    })
    const [request] = await server.received(1, url)
    controller.abort()
    await Promise.all([over, request?.closed])
    expect(errors).toEqual([])
  })
})

describe.each(redirectStatuses)('a redirect with %i', (code) => {
  const init = { method: 'POST', body: 'secret', headers: { Authorization: 'secret', 'X-Api-Key': 'secret' } }

  test('inside the origin is followed with headers, and with the body if it is to be kept', async () => {
    const target = server.script(stream('', { ending: 'end' }))
    await fetchEventSource(server.script(redirect(code, target)), init)
    expect(server.requestsTo(target)[0]).toMatchObject({
      method: code > 303 ? 'POST' : 'GET',
      body: code > 303 ? 'secret' : '',
      headers: { authorization: 'secret', 'x-api-key': 'secret' },
    })
  })

  test('to another origin takes neither headers nor body there', async () => {
    const target = away.script(stream('', { ending: 'end' }))
    const url = server.script(redirect(code, target))
    const onerror = (error: Error) => {
      throw error
    }
    const over = fetchEventSource(url, { ...init, onerror })
    if (code > 303) await expect(over).rejects.toThrow('stays home')
    else await over
    expect(away.requestsTo(target)).toHaveLength(code > 303 ? 0 : 1)
    expect(JSON.stringify(away.requestsTo(target))).not.toContain('secret')
  })

  test('is the business of fetch itself, if redirect is given', async () => {
    const target = away.script(stream('', { ending: 'end' }))
    await fetchEventSource(server.script(redirect(code, target)), { ...init, redirect: 'follow' })
    expect(away.requestsTo(target)[0]?.headers).toMatchObject({ 'x-api-key': 'secret' })
  })
})
