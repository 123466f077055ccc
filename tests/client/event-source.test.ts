import { ErrorEvent, EventSource } from '@tidings/client/event-source'
import { BadServer, noContent, silentFromTheStart, stream, textOf } from '@tidings/conformance/bad-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HeardSource } from './heard-source.ts'

const soon = 'retry: 1\n\n'

let server: BadServer

beforeAll(async () => {
  server = await BadServer.start()
})

afterAll(() => server[Symbol.asyncDispose]())

describe('the interface is that of the standard', () => {
  test('constants are on the class and on its instances, and can not be changed', () => {
    using source = new HeardSource(server.script(silentFromTheStart()))
    for (const owner of [EventSource, EventSource.prototype, source.source]) {
      expect([owner.CONNECTING, owner.OPEN, owner.CLOSED]).toEqual([0, 1, 2])
      expect(Reflect.set(owner, 'OPEN', 7)).toBe(false)
    }
    expect(Object.keys(EventSource)).toEqual(['CONNECTING', 'OPEN', 'CLOSED'])
  })

  test('its name, its kind, and what it says of itself', () => {
    const url = server.script(silentFromTheStart())
    using source = new HeardSource(url)
    expect(EventSource.name).toBe('EventSource')
    expect(String(source.source)).toBe('[object EventSource]')
    expect(source.source).toBeInstanceOf(EventTarget)
    expect(source.source).toMatchObject({ url, withCredentials: false, readyState: 0 })
    const other = new EventSource(new URL(url), { withCredentials: true })
    expect(other.withCredentials).toBe(true)
    other.close()
  })

  test('handlers are null until they are set, null again for what is no function, and may be replaced', () => {
    using source = new HeardSource(server.script(silentFromTheStart()))
    const fresh = new EventSource(source.source.url)
    fresh.close()
    expect([fresh.onopen, fresh.onmessage, fresh.onerror]).toEqual([null, null, null])
    const handler = () => {}
    fresh.onmessage = handler
    expect(fresh.onmessage).toBe(handler)
    fresh.onmessage = 'no function' as unknown as null
    expect(fresh.onmessage).toBe(null)
  })

  test('a handler is called where the first one was set, with the source as this; a removed one is not', async () => {
    const source = new EventSource(server.script(stream('data: 1\n\n')))
    const calls: unknown[] = []
    source.onmessage = () => calls.push('replaced')
    source.addEventListener('message', () => calls.push('listener'))
    source.onmessage = function (this: EventSource) {
      calls.push(this === source)
    }
    source.onopen = () => calls.push('taken away')
    source.onopen = null
    await expect.poll(() => calls).toEqual([true, 'listener'])
    source.close()
  })

  test('a handler that was taken away and is set again comes last', async () => {
    const source = new EventSource(server.script(stream('data: 1\n\n')))
    const calls: string[] = []
    source.onmessage = () => calls.push('first')
    source.addEventListener('message', () => calls.push('listener'))
    source.onmessage = null
    source.onmessage = () => calls.push('again')
    await expect.poll(() => calls).toEqual(['listener', 'again'])
    source.close()
  })

  test.each(['http://', 'http://a b/', '/relative', ''])(
    '%o is no URL, where there is no page: SyntaxError',
    (url) => {
      expect(() => new EventSource(url)).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
    },
  )

  test.each([
    ['a header that is none', { headers: { 'no header': 'x' } }],
    ['a header value that is none', { headers: { 'X-Mine': 'größe 日本' } }],
    ['a body with GET', { body: 'x' }],
    ['a method that fetch forbids', { method: 'TRACE' }],
  ])('what no request can have is refused at once: %s', (_what, init) => {
    expect(() => new EventSource(server.script(silentFromTheStart()), init)).toThrow(TypeError)
  })
})

describe('the course of a connection', () => {
  test('connecting, open, connecting again after each end, and closed after 204', async () => {
    const body = `${soon}id: 7\nevent: update\ndata: 1\n\n`
    const url = server.script(
      stream(body, { ending: 'end' }),
      stream('data: 2\n\n', { ending: 'end' }),
      noContent(),
    )
    const source = new EventSource(url)
    const course: unknown[] = ['made', source.readyState]
    for (const type of ['open', 'message', 'update', 'error']) {
      source.addEventListener(type, (event) => course.push(event.type, source.readyState))
    }
    await expect.poll(() => source.readyState).toBe(2)
    const once = (what: string) => ['open', 1, what, 1, 'error', 0]
    expect(course).toEqual(['made', 0, ...once('update'), ...once('message'), 'error', 2])
  })

  test('events are MessageEvents with data, lastEventId and origin; a type of the server may be any', async () => {
    const source = new EventSource(server.script(stream('id: a\nevent: error\ndata: 1\ndata: 2\n\n')))
    const event = await new Promise<unknown>((resolve) => {
      source.addEventListener('error', resolve)
    })
    source.close()
    expect(event).toBeInstanceOf(MessageEvent)
    expect(event).toMatchObject({
      type: 'error',
      data: '1\n2',
      lastEventId: 'a',
      origin: server.origin,
      ports: [],
    })
  })

  test('its own error is an ErrorEvent, which says why', async () => {
    using source = new HeardSource(server.script(stream('', { headers: { 'Content-Type': 'text/html' } })))
    const error = await source.failed()
    expect(error).toBeInstanceOf(ErrorEvent)
    expect(error).toMatchObject({ code: 200, message: expect.stringContaining('text/html') })
  })

  test('the request is GET, asks for an event stream, and wants no cache', async () => {
    const url = server.script(stream(''))
    using _source = new HeardSource(url)
    const [request] = await server.received(1, url)
    expect(request).toMatchObject({ method: 'GET', body: '', headers: { accept: 'text/event-stream' } })
    expect(request?.headers['cache-control']).toContain('no-cache')
    expect(request?.headers['last-event-id']).toBe(undefined)
  })

  test('an id of other letters comes back as UTF-8', async () => {
    const url = server.script(stream(`${soon}id: größe-日本-🙂\ndata\n\n`, { ending: 'end' }), stream(''))
    using _source = new HeardSource(url)
    const [, request] = await server.received(2, url)
    expect(textOf(request?.headers['last-event-id'])).toBe('größe-日本-🙂')
  })

  test('an empty id is not sent', async () => {
    const url = server.script(stream(`${soon}id: 1\ndata\n\nid\ndata\n\n`, { ending: 'end' }), stream(''))
    using _source = new HeardSource(url)
    const [, request] = await server.received(2, url)
    expect(request?.headers['last-event-id']).toBe(undefined)
  })
})

describe('close()', () => {
  test('hangs up, and nothing is heard any more, not even the rest of the piece', async () => {
    const url = server.script(stream('data: 1\n\ndata: 2\n\n'))
    using source = new HeardSource(url)
    source.source.addEventListener('message', () => source.source.close())
    await source.has(1)
    await server.requestsTo(url)[0]?.closed
    expect(source.data).toEqual(['1'])
    expect(source.states).toEqual(['open'])
  })

  test('before the answer, no open follows', async () => {
    const url = server.script(silentFromTheStart())
    using source = new HeardSource(url)
    const [request] = await server.received(1, url)
    source.source.close()
    await request?.closed
    expect(source.states).toEqual([])
  })

  test('while it waits, and in the listener of an error: no other request', async () => {
    const url = server.script(stream('retry: 50\n\n', { ending: 'end' }))
    using waiting = new HeardSource(`${url}?waiting`)
    waiting.source.addEventListener('error', () => queueMicrotask(() => waiting.source.close()))
    using closing = new HeardSource(`${url}?closing`)
    closing.source.addEventListener('error', () => closing.source.close())
    await Promise.all([waiting.stumbled(1), closing.stumbled(1)])
    // One more, whose fourth request shows that theirs would have come.
    using _third = new HeardSource(`${url}?third`)
    await server.received(6, url)
    const targets = server.requestsTo(url).map(({ target }) => target.replace(/.*\?/, ''))
    expect(targets.filter((target) => target !== 'third').sort()).toEqual(['closing', 'waiting'])
    expect([...waiting.states, ...closing.states]).toEqual(['open', 'comes back', 'open', 'comes back'])
  })

  test('while headers are asked for: no request at all, even by a fetch that knows nothing of signals', async () => {
    const url = server.script(stream(''))
    const { promise, resolve } = Promise.withResolvers<Record<string, string>>()
    using source = new HeardSource(url, { headers: () => promise, fetch: () => fetch(url) })
    source.source.close()
    resolve({})
    using _other = new HeardSource(url)
    await server.received(1, url)
    expect(server.requestsTo(url)).toHaveLength(1)
    expect(source.states).toEqual([])
  })

  test('lets go of an answer that comes too late, from a fetch that knows nothing of signals', async () => {
    const url = server.script(stream('data: 1\n\n'))
    const { promise, resolve } = Promise.withResolvers<void>()
    const late = async () => {
      const answer = await fetch(url)
      await promise
      return answer
    }
    using source = new HeardSource(url, { fetch: late })
    const [request] = await server.received(1, url)
    source.source.close()
    resolve()
    await request?.closed
    expect(source.states).toEqual([])
  })
})

describe('more than the standard has', () => {
  test('headers, method and body go with each connection', async () => {
    const url = server.script(stream(soon, { ending: 'end' }), stream(''))
    const headers = { Authorization: 'Bearer token', 'Content-Type': 'application/json' }
    using _source = new HeardSource(url, { method: 'POST', body: '{"a":1}', headers })
    for (const request of await server.received(2, url)) {
      expect(request).toMatchObject({
        method: 'POST',
        body: '{"a":1}',
        headers: {
          authorization: 'Bearer token',
          'content-type': 'application/json',
          accept: 'text/event-stream',
        },
      })
    }
  })

  test('headers may be asked for anew, and what their function throws counts as a failed try', async () => {
    const url = server.script(stream(soon, { ending: 'end' }), stream('data: 1\n\n'))
    let count = 0
    const headers = async () => {
      if (++count === 2) throw new Error('no token just now')
      return new Headers({ Authorization: `Bearer ${count}` })
    }
    using source = new HeardSource(url, { headers })
    await source.has(1)
    expect(server.requestsTo(url).map((request) => request.headers.authorization)).toEqual([
      'Bearer 1',
      'Bearer 3',
    ])
    expect(source.errors.map(({ message }) => message)).toEqual([undefined, 'no token just now'])
  })

  test('a Last-Event-ID of yours counts until the server has given one', async () => {
    const url = server.script(
      stream(soon, { ending: 'end' }),
      stream('id: theirs\ndata\n\n', { ending: 'end' }),
      stream(''),
    )
    using _source = new HeardSource(url, { headers: { 'Last-Event-ID': 'mine' } })
    const ids = (await server.received(3, url)).map((request) => request.headers['last-event-id'])
    expect(ids).toEqual(['mine', 'mine', 'theirs'])
  })

  test('a fetch of yours sends the request, and may add headers to a plain object', async () => {
    const url = server.script(stream('data: 1\n\n'))
    using source = new HeardSource(url, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, 'X-More': 'of mine' } }),
    })
    await source.has(1)
    const [request] = server.requestsTo(url)
    expect(request?.headers).toMatchObject({ accept: 'text/event-stream', 'x-more': 'of mine' })
  })

  test('one that knows nothing of signals is hung up on all the same: at close, and when an event is too large', async () => {
    const url = server.script(stream('data: 1\n\n'), stream(`data: ${'x'.repeat(100)}`))
    const init = { fetch: () => fetch(url), maxEventBytes: 50 }
    using closing = new HeardSource(url, init)
    await closing.has(1)
    closing.source.close()
    await server.requestsTo(url)[0]?.closed
    using failing = new HeardSource(url, init)
    await failing.failed()
    await server.requestsTo(url)[1]?.closed
  })

  test('an answer that a fetch of yours made up', async () => {
    const answer = () => new Response('data: 1\n\n', { headers: { 'Content-Type': 'text/event-stream' } })
    const source = new EventSource('http://made-up.example/stream', { fetch: async () => answer() })
    const event = await new Promise<MessageEvent>((resolve) => {
      source.onmessage = resolve
    })
    source.close()
    expect(event).toMatchObject({ data: '1', origin: 'http://made-up.example' })
  })

  test('user and password in the address are sent as browsers send them, and stay in `url`', async () => {
    const plain = server.script(stream(''))
    const url = plain.replace('http://', 'http://us%C3%A9r:p%40ss@')
    using source = new HeardSource(url)
    const [request] = await server.received(1, plain)
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('usér:p@ss').toString('base64')}`)
    expect(source.source.url).toBe(url)
  })
})
