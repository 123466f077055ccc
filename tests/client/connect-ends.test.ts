import { getEventListeners } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from '@tidings/client'
import { BadServer, numbered, redirect, silentAfter, status, stream } from '@tidings/conformance/bad-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/until.ts'
import { HeardStream } from './heard-stream.ts'

let server: BadServer
let elsewhere: BadServer

beforeAll(async () => {
  server = await BadServer.start()
  elsewhere = await BadServer.start()
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await elsewhere[Symbol.asyncDispose]()
})

describe('a stream that is closed', () => {
  test('keeps no promise of add() open', async () => {
    const opened = connect({ url: server.script(silentAfter('data: 1\n\n')) })
    const before = opened.add('a')
    opened.close()
    await expect(before).rejects.toThrow('closed')
    await expect(opened.add('b')).rejects.toThrow('closed')
  })

  test('leaves nothing at the signals that it was given', async () => {
    const { signal } = new AbortController()
    const opened = connect({ url: server.script(numbered(3)), signal })
    const takeAway = opened.on('message', () => {}, { signal })
    const loop = opened.events({ signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(3)
    takeAway()
    await loop.return?.()
    opened.close()
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('lets go of an answer that comes too late', async () => {
    let late: ServerResponse | undefined
    let isGone = false
    const slow = createServer((_request, response) => {
      late = response
      response.on('close', () => {
        isGone = true
      })
    }).listen(0, '127.0.0.1')
    await until('the server', () => slow.listening)
    const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/events`
    // A fetch that knows nothing of signals, as an application's own may be.
    const opened = connect({ url, fetch: (input, init) => fetch(input, { ...init, signal: null }) })
    await until('the request', () => late)
    opened.close()
    late!.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n')
    await until('the connection to be given up', () => isGone)
    slow.close()
  })
})

describe('a stream that is refused', () => {
  test.each([undefined, 'tabs that are refused'])(
    'keeps no promise of add() open, shared: %s',
    async (shared) => {
      const url = server.script(status(403), numbered(1))
      await using heard = new HeardStream({ url, shared })
      await expect(heard.stream.add('a')).rejects.toMatchObject({
        message: expect.stringContaining('403'),
        trouble: { code: 'status', status: 403 },
      })
      expect(heard.status.state).toBe('refused')
      await expect(heard.stream.add('b')).rejects.toThrow('403')
      // It was not these that were refused: they are wanted like those of the beginning, until they are taken back.
      expect(heard.stream.topics).toEqual(['a', 'b'])
      heard.stream.remove('b')
      heard.stream.reconnect()
      await heard.stream.add('c')
      expect(server.requestsTo(url).at(-1)!.target).toMatch(/\?(topic=broadcast&)?topic=a(&topic=c)?$/)
    },
  )
})

describe('what is said when there is no connection', () => {
  test('names what is behind it', async () => {
    await using heard = new HeardStream({ url: `http://127.0.0.1:${await freePort()}/events` })
    await heard.stumbled(1)
    expect(heard.troubles[0]!.message).toContain('ECONNREFUSED')
  })
})

describe('a body', () => {
  test.each([307, 308] as const)('goes to no other origin by %s', async (code) => {
    const target = elsewhere.script(stream('data: 1\n\n'))
    const url = server.script(redirect(code, target))
    await using heard = new HeardStream({ url, method: 'POST', body: 'secret' })
    expect((await heard.is('refused')).trouble).toMatchObject({ code: 'redirect' })
    expect(elsewhere.requestsTo(target)).toEqual([])
  })
})

describe('a server that is not Tidings', () => {
  test('may say hello with an event named connected', async () => {
    const hello = 'event: connected\ndata: {"clientId":"me"}\n\ndata: 1\n\n'
    await using heard = new HeardStream({ url: server.script(stream(hello)) })
    await heard.has(2)
    expect(heard.events[0]).toMatchObject({ type: 'connected', data: { clientId: 'me' } })
  })
})
