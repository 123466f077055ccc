import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, connect as http2Connect } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { TopicSet } from '@tidings/protocol'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Access } from './auth/access.ts'
import { createAccess } from './auth/create-access.ts'
import { createTidings, type StreamOptions, type Tidings } from './tidings.ts'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(): Promise<Tidings> {
  const tidings = await createTidings({ store: 'memory:', drainMs: 100, stallMs: 200 })
  closing.push(() => tidings.close())
  return tidings
}

async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<{ url: string; port: number }> {
  const server = createServer((request, response) => void handle(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close().closeAllConnections())
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port }
}

async function connections(tidings: Tidings): Promise<number> {
  return (await tidings.stats()).totalConnections
}

const orders = { topics: ['orders/*'] }

function ask(init: RequestInit = {}, query = ''): Request {
  return new Request(`http://localhost/events${query}`, init)
}

/** What a stream says up to something, or to its end. */
async function firstBlocks(response: Response, until: RegExp): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!until.test(text)) {
    const { value, done } = await reader.read()
    if (done) break
    text += value
  }
  await reader.cancel()
  return text
}

describe('clients that want no stream leave nothing behind', () => {
  it('HEAD is answered with the head of a stream, on Node and with web requests', async () => {
    const tidings = await open()
    const { url } = await listen((request, response) => tidings.stream(request, response, orders))
    const answers = [
      await fetch(url, { method: 'HEAD' }),
      await tidings.respond(ask({ method: 'HEAD' }), orders),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
      expect(await answer.text()).toBe('')
    }
    expect(await connections(tidings)).toBe(0)
  })

  it('a client that left while its caller was looked up', async () => {
    const tidings = await open()
    const { promise: isOver, resolve } = Promise.withResolvers<void>()
    const { port } = await listen(async (request, response) => {
      await once(response, 'close')
      await tidings.stream(request, response, orders)
      resolve()
    })
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    await once(socket, 'connect')
    socket.end()
    await isOver
    expect(await connections(tidings)).toBe(0)
  })

  it('a client over HTTP/2 that left while its caller was looked up', async () => {
    const tidings = await open()
    const { promise: isOver, resolve } = Promise.withResolvers<void>()
    const server = createHttp2Server(async (request, response) => {
      await once(response, 'close')
      await tidings.stream(request, response, orders)
      resolve()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing.push(() => server.close())
    const session = http2Connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    closing.push(() => session.destroy())
    const stream = session.request({ ':path': '/' }).on('error', () => {})
    await once(session, 'connect')
    server.once('stream', () => stream.close())
    await isOver
    expect(await connections(tidings)).toBe(0)
  })

  it('a web request that was aborted before it was answered', async () => {
    const tidings = await open()
    const response = await tidings.respond(ask({ signal: AbortSignal.abort() }), orders)
    expect(response.body).toBeNull()
    expect(await connections(tidings)).toBe(0)
  })

  it('a web request that is aborted later', async () => {
    const tidings = await open()
    const client = new AbortController()
    tidings.respond(ask({ signal: client.signal }), orders)
    expect(tidings.audience('orders/1')).toBe(1)
    client.abort()
    expect(tidings.audience('orders/1')).toBe(0)
  })

  it('whoever waits for the close of a response finds that its stream has left the audience', async () => {
    const tidings = await open()
    const { promise: audience, resolve } = Promise.withResolvers<number>()
    const { port } = await listen((request, response) => {
      response.on('close', () => resolve(tidings.audience('orders/1')))
      return tidings.stream(request, response, orders)
    })
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    await once(socket, 'data')
    expect(tidings.audience('orders/1')).toBe(1)
    socket.destroy()
    expect(await audience).toBe(0)
  })

  it('a target that is no URL is no reason to fail', async () => {
    const tidings = await open()
    const { port } = await listen((request, response) => tidings.stream(request, response, orders))
    const socket = connect(port, '127.0.0.1', () => socket.write('GET // HTTP/1.1\r\nHost: a\r\n\r\n'))
    closing.push(() => socket.destroy())
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200 /)
  })
})

describe('whoever names the topics has decided', () => {
  it('a misspelled option, which would leave it to the client, is refused', async () => {
    const tidings = await open()
    const options = { topic: ['orders/*'] } as unknown as StreamOptions
    await expect(tidings.respond(ask({}, '?topic=secret'), options)).rejects.toThrow(
      '"topic" is no option of a stream; there are topics, types, last, user, lastEventId, access, address.',
    )
    expect(await connections(tidings)).toBe(0)
  })

  it('a page of the log takes no text for its list of topics', async () => {
    const tidings = await open()
    const query = { topics: 'orders' as unknown as string[] }
    await expect(tidings.history(query)).rejects.toThrow('topics is a list of topics')
  })

  it('the query can add none, and no types, and no user', async () => {
    const tidings = await open()
    tidings.respond(ask({}, '?topic=secret&userId=alice&types=none&anything=else'), orders)
    expect(['secret', 'user/alice', 'broadcast', 'orders/1'].map((topic) => tidings.audience(topic))).toEqual(
      [0, 0, 0, 1],
    )
    expect((await tidings.stats()).uniqueUsers).toBe(0)
  })

  it.each([
    ['none at all', []],
    ['undefined', undefined],
    ['a string', 'orders/*'],
    ['null', null],
  ])('%s is refused rather than left to the client', async (_, topics) => {
    const tidings = await open()
    const options = { topics } as unknown as StreamOptions
    await expect(tidings.respond(ask({}, '?topic=secret'), options)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid_topic', message: expect.stringContaining('["orders/*"]') }),
    )
    expect(await connections(tidings)).toBe(0)
  })

  it.each([-1, 0.5, 1_001, Number.NaN])('%d last events are refused', async (last) => {
    const tidings = await open()
    await expect(tidings.respond(ask(), { ...orders, last })).rejects.toThrow(
      expect.objectContaining({ code: 'invalid_field', field: 'last' }),
    )
  })

  it('an option that is undefined is one that is left out: the header still says where the client was', async () => {
    const tidings = await open()
    const { ids } = await tidings.publish([1, 2, 3].map((data) => ({ topic: 'orders/1', data })))
    const headers = { 'Last-Event-ID': ids[0]! }
    const options: StreamOptions = { ...orders, lastEventId: undefined, last: undefined, types: undefined }
    const text = await firstBlocks(await tidings.respond(ask({ headers }), options), /event: live/)
    expect(text).toContain('"resumed":true')
    expect(text.match(/^data: \d$/gm)).toEqual(['data: 2', 'data: 3'])
  })
})

describe('watching a topic', () => {
  it('tells of the first listener and of the loss of the last, also of those who came by a pattern', async () => {
    const tidings = await open()
    const onChange = vi.fn<(isWanted: boolean) => void>()
    tidings.watch('orders/1', onChange)
    const clients = [new AbortController(), new AbortController()]
    tidings.respond(ask({ signal: clients[0]!.signal }), orders)
    tidings.respond(ask({ signal: clients[1]!.signal }), { topics: ['orders/1'] })
    tidings.respond(ask(), { topics: ['orders/2'] })
    await vi.waitFor(() => expect(onChange.mock.calls).toEqual([[true]]))
    clients[0]!.abort()
    clients[1]!.abort()
    await vi.waitFor(() => expect(onChange.mock.calls).toEqual([[true], [false]]))
  })

  it('begins with those who listen already, goes beside other watchers, and can be stopped', async () => {
    const tidings = await open()
    const heard: string[] = []
    const client = new AbortController()
    tidings.respond(ask({ signal: client.signal }), orders)
    tidings.watch('orders/1', (isWanted) => heard.push(`one ${isWanted}`))
    const stop = tidings.watch('orders/1', (isWanted) => heard.push(`other ${isWanted}`))
    await vi.waitFor(() => expect(heard).toEqual(['one true', 'other true']))
    stop()
    client.abort()
    await vi.waitFor(() => expect(heard).toEqual(['one true', 'other true', 'one false']))
  })

  it('does not silence the sampler of a topic of the server', async () => {
    const tidings = await open()
    tidings.watch('$metrics', () => {})
    const stream = await tidings.respond(ask(), { topics: ['$metrics'] })
    expect(await firstBlocks(stream, /event: metrics/)).toContain('event: metrics')
  })

  it('is for one topic, not for a pattern', async () => {
    const tidings = await open()
    expect(() => tidings.watch('orders/*', () => {})).toThrow(
      expect.objectContaining({ code: 'invalid_topic' }),
    )
  })

  it('hears that nobody listens any more when everything closes', async () => {
    const tidings = await open()
    const heard: boolean[] = []
    tidings.watch('orders/1', (isWanted) => heard.push(isWanted))
    tidings.respond(ask(), orders)
    await tidings.close()
    expect(heard).toEqual([true, false])
  })
})

describe('access', () => {
  const scopeOf = (access: Access) => access.reading(new TopicSet(['a'])).scope

  it('what is not granted is denied', async () => {
    const tidings = await open()
    const access = createAccess({ caller: 'alice' })
    await expect(tidings.publish({ topic: 'orders/1' }, { access })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await tidings.publish({ topic: 'orders/1' })
    expect((await tidings.history({ topics: ['orders/*'], access })).events).toEqual([])
    expect(access.mayAdminister()).toBe(false)
  })

  it('two callers share no decision, even by the same name; who is given a scope shares it', async () => {
    const before = createAccess({ caller: 'alice', mayRead: () => true })
    const after = createAccess({ caller: 'alice', mayRead: () => false })
    expect(scopeOf(before)).not.toBe(scopeOf(after))
    const tidings = await open()
    const published = tidings.publish({ topic: 'orders/1', data: 1 })
    tidings.respond(ask(), { ...orders, access: before })
    expect(tidings.audience('orders/1')).toBe(1)
    tidings.respond(ask(), { ...orders, access: after })
    expect(tidings.audience('orders/1')).toBe(1)
    await published
    const staff = [1, 2].map(() => createAccess({ caller: 'bob', scope: 'staff', mayRead: () => true }))
    expect(scopeOf(staff[0]!)).toBe(scopeOf(staff[1]!))
    expect(scopeOf(createAccess({ caller: 'eve', scope: 'own 1' }))).not.toBe(scopeOf(before))
  })

  it('a right that is taken back ends with the next event, live and replayed', async () => {
    const tidings = await open()
    const granted = new Set(['orders/1', 'orders/2'])
    const access = createAccess({ caller: 'alice', mayRead: (topic) => granted.has(topic) })
    const live = await tidings.respond(ask(), { ...orders, access })
    await tidings.publish([{ topic: 'orders/1', data: 1 }])
    granted.delete('orders/1')
    await tidings.publish([
      { topic: 'orders/1', data: 2 },
      { topic: 'orders/2', data: 3 },
    ])
    const replay = await tidings.respond(ask(), { ...orders, access, last: 10 })
    expect((await firstBlocks(live, /data: 3/)).match(/^data: \d$/gm)).toEqual(['data: 1', 'data: 3'])
    expect((await firstBlocks(replay, /event: live/)).match(/^data: \d$/gm)).toEqual(['data: 3'])
  })
})

describe('the end', () => {
  it('tells every stream, and afterwards everything says that it has come', async () => {
    const tidings = await open()
    const { url } = await listen((request, response) => tidings.stream(request, response, orders))
    const stream = await fetch(url)
    await tidings.close()
    expect(await stream.text()).toContain('event: goodbye')
    await expect(tidings.publish({ topic: 'orders/1' })).rejects.toMatchObject({ code: 'draining' })
    await expect(tidings.history(orders)).rejects.toMatchObject({ code: 'draining' })
    expect(await (await tidings.respond(ask(), orders)).text()).toContain('"reason":"drain"')
    expect(await (await fetch(url)).text()).toContain('"reason":"drain"')
  })
})

it('a page of history needs no more than topics: oldest first, a hundred', async () => {
  const tidings = await open()
  await tidings.publish(Array.from({ length: 120 }, (_, data) => ({ topic: 'orders/1', data })))
  const page = await tidings.history(orders)
  expect(page.events.map(({ data }) => data)).toEqual(Array.from({ length: 100 }, (_, data) => data))
  const rest = await tidings.history({ ...orders, after: page.next! })
  expect(rest.events.map(({ data }) => data)).toEqual(Array.from({ length: 20 }, (_, data) => data + 100))
})
