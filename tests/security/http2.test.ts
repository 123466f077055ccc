import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import type { Sample } from '../history/resources.ts'
import { makeCertificate, writeCertificate } from '../support/certificate.ts'
import {
  dataFrame,
  frameFlag,
  frameType,
  Http2Client,
  headerBlock,
  makeFrame,
  pingFrame,
  pseudoHeaders,
  requestFrame,
  resetFrame,
  settingId,
  settingsFrame,
  windowUpdateFrame,
} from '../support/http2-client.ts'
import { Publisher } from '../support/publisher.ts'
import { Pulse } from '../support/pulse.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'
import { expectUnharmed } from './unharmed.ts'

const mebibyte = 1024 * 1024
const cancel = 8

/** The n-th stream that a client opens. */
const streamId = (index: number) => index * 2 + 1

/** A range of numbers. */
const many = (count: number) => Array.from({ length: count }, (_, index) => index)

let folder: TempFolder
let server: ServerProcess
let before: Sample

beforeAll(async () => {
  folder = await tempFolder()
  const files = await writeCertificate(folder.path, makeCertificate())
  server = await ServerProcess.start({ settings: { ...files, stallMs: 2_500, heartbeatMs: 200 } })
  // What any first use loads is no growth.
  using publisher = new Publisher({ port: server.port, isSecure: true, name: 'warm' })
  using reader = await SseReader.open({ port: server.port, isSecure: true, topics: ['attacked'] })
  using client = await Http2Client.open({ port: server.port })
  client.send(requestFrame(1, '/healthz'))
  await until('an answer', () => client.text(1) !== '')
  await publisher.publish({ topic: 'attacked' })
  await reader.hasReceived(1)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

beforeEach(async () => {
  before = await server.sample()
})

/** A flood that never ends by itself; each turn sends new frames. */
interface Flood {
  readonly acknowledgesNothing?: boolean
  begin?(client: Http2Client): void
  frames(turn: number): readonly Buffer[]
}

const headersOf = (id: number, flags: number, ...fields: readonly Record<string, string>[]) =>
  makeFrame(frameType.headers, flags, id, headerBlock(pseudoHeaders('GET', '/events'), ...fields))

const post = { method: 'POST', 'content-type': 'application/json' }
const fields = (turn: number) => Object.fromEntries(many(50).map((n) => [`x-${turn}-${n}`, 'y'.repeat(200)]))

const floods: readonly (readonly [string, Flood])[] = [
  [
    'streams that are opened and reset at once',
    {
      frames: (turn) =>
        many(100).flatMap((index) => {
          const id = streamId(turn * 100 + index)
          return [requestFrame(id, '/events?topic=attacked'), resetFrame(id, cancel)]
        }),
    },
  ],
  [
    'streams that make the server reset them: updates of no bytes',
    {
      frames: (turn) =>
        many(100).flatMap((index) => {
          const id = streamId(turn * 100 + index)
          return [requestFrame(id, '/events?topic=attacked'), windowUpdateFrame(id, 0)]
        }),
    },
  ],
  [
    'streams that make the server reset them: windows beyond their bound',
    {
      frames: (turn) =>
        many(100).flatMap((index) => {
          const id = streamId(turn * 100 + index)
          return [requestFrame(id, '/events?topic=attacked'), windowUpdateFrame(id, 2 ** 31 - 1)]
        }),
    },
  ],
  [
    'streams that make the server reset them: bodies after their end',
    {
      frames: (turn) =>
        many(100).flatMap((index) => {
          const id = streamId(turn * 100 + index)
          return [requestFrame(id, '/events?topic=attacked'), dataFrame(id, 'more')]
        }),
    },
  ],
  [
    'headers that go on for ever',
    {
      begin: (client) => client.send(headersOf(1, frameFlag.endStream)),
      frames: (turn) =>
        many(20).map(() => makeFrame(frameType.continuation, 0, 1, headerBlock(fields(turn)))),
    },
  ],
  [
    'headers that go on for ever, in empty pieces',
    {
      begin: (client) => client.send(headersOf(1, frameFlag.endStream)),
      frames: () => many(500).map(() => makeFrame(frameType.continuation, 0, 1, Buffer.alloc(0))),
    },
  ],
  [
    'requests with more headers than are allowed, of a client that never agreed to the bound',
    {
      acknowledgesNothing: true,
      frames: (turn) => [
        headersOf(streamId(turn), frameFlag.endStream),
        makeFrame(frameType.continuation, 0, streamId(turn), headerBlock(fields(1))),
        makeFrame(frameType.continuation, 0, streamId(turn), headerBlock(fields(2))),
        makeFrame(frameType.continuation, frameFlag.endHeaders, streamId(turn), headerBlock(fields(3))),
      ],
    },
  ],
  ['settings', { frames: () => many(500).map(() => settingsFrame([[settingId.initialWindowSize, 65_535]])) }],
  [
    'settings with hundreds of entries',
    { frames: () => [settingsFrame(many(2_000).map(() => [settingId.initialWindowSize, 65_535] as const))] },
  ],
  ['pings', { frames: () => many(500).map(pingFrame) }],
  [
    'more streams than are allowed',
    {
      frames: (turn) =>
        many(100).map((index) => requestFrame(streamId(turn * 100 + index), '/events?topic=attacked')),
    },
  ],
  [
    'a window beyond its bound',
    {
      begin: (client) => client.send(requestFrame(1, '/events?topic=attacked')),
      frames: () => [windowUpdateFrame(0, 2 ** 31 - 1), windowUpdateFrame(1, 2 ** 31 - 1)],
    },
  ],
  [
    'frames on streams that do not exist',
    { frames: (turn) => many(100).map((index) => dataFrame(streamId(turn * 100 + index), 'x')) },
  ],
  ['frames that are too large', { frames: () => [makeFrame(frameType.data, 0, 1, Buffer.alloc(20_000))] }],
]

describe('an HTTP/2 session is ended, and nobody else notices, when its client sends without end', () => {
  test.each(floods)('%s', async (_, { begin, frames, acknowledgesNothing = false }) => {
    using client = await Http2Client.open({ port: server.port, acknowledgesNothing })
    const pulse = new Pulse(server.port, true)
    let peak = before.rssBytes
    begin?.(client)
    await client.flood((turn) => frames(turn))
    peak = Math.max(peak, (await server.sample()).rssBytes)
    await pulse[Symbol.asyncDispose]()
    expect(client.isOver).toBe(true)
    // Others go on; a machine that runs more than this test makes them wait for a while.
    expect(pulse.longest).toBeLessThan(8_000)
    expect(peak - before.rssBytes).toBeLessThan(100 * mebibyte)
    client.close()
    await expectUnharmed(server, before)
  })
})

/** 250 streams of one session for which half a MiB each is due, and what they cost. */
async function attackStreams(client: Http2Client, drip: () => void): Promise<void> {
  const streams = many(250).map(streamId)
  client.send(...streams.map((id) => requestFrame(id, '/events?topic=attacked')))
  await until('the streams', async () => (await server.metric('tidings_streams')) >= 200)
  using publisher = new Publisher({ port: server.port, isSecure: true, name: 'publisher' })
  using healthy = await SseReader.open({ port: server.port, isSecure: true, topics: ['attacked'] })
  const pulse = new Pulse(server.port, true)
  const dripping = setInterval(drip, 20)
  for (let count = 0; count < 50; count++) await publisher.publish({ topic: 'attacked', padding: 10_000 })
  await healthy.hasReceived(50)
  const peak = await server.sample()
  await until('the streams to be cut', async () => (await server.metric('tidings_streams')) === 1)
  clearInterval(dripping)
  await pulse[Symbol.asyncDispose]()
  expect(pulse.p99).toBeLessThan(3_000)
  expect(peak.rssBytes - before.rssBytes).toBeLessThan(100 * mebibyte)
}

describe('streams of which nothing is taken', () => {
  it.each([
    ['a window of no bytes', 0, []],
    [
      'a window that grows by single bytes',
      1,
      many(250).map((index) => windowUpdateFrame(streamId(index), 1)),
    ],
  ] as const)('are cut after the time, and cost no memory: %s', async (_, windowBytes, updates) => {
    using client = await Http2Client.open({
      port: server.port,
      settings: [[settingId.initialWindowSize, windowBytes]],
    })
    await attackStreams(client, () => client.send(...updates))
    // The session itself is still good for a request.
    client.send(settingsFrame([[settingId.initialWindowSize, 65_535]]), requestFrame(501, '/healthz'))
    await until('an answer', () => client.text(501).includes('alive'))
    client.close()
    await expectUnharmed(server, before)
  })

  it('are cut after the time, and cost no memory: a connection that is not read at all', async () => {
    using client = await Http2Client.open({ port: server.port })
    client.pause()
    client.send(windowUpdateFrame(0, 2 ** 30))
    await attackStreams(client, () => {})
    client.close()
    await expectUnharmed(server, before)
  })
})

it('clients that never finish what they say are hung up on', { timeout: 240_000 }, async () => {
  const { port } = server
  const pulse = new Pulse(port, true)
  // No handshake, a handshake and nothing more, a session without a request, half of the headers, half of a body.
  const unshaken = await Promise.all(
    many(20).map(() => openSocket(connectPlain(port, '127.0.0.1'), 'connect')),
  )
  const mute = await Promise.all(
    many(20).map(() =>
      openSocket(connect({ port, host: '127.0.0.1', rejectUnauthorized: false }), 'secureConnect'),
    ),
  )
  const silent = await Promise.all(many(20).map(() => Http2Client.open({ port })))
  const pinging = await Promise.all(many(20).map(() => Http2Client.open({ port })))
  const halfHeaders = await Promise.all(many(20).map(() => Http2Client.open({ port })))
  const deaf = await Promise.all(many(20).map(() => Http2Client.open({ port })))
  for (const client of deaf) client.pause()
  const halfBodies = await Promise.all(many(20).map(() => Http2Client.open({ port })))
  for (const client of halfHeaders) client.send(headersOf(1, frameFlag.endStream))
  for (const client of halfBodies) client.send(requestFrame(1, '/api/events', post), dataFrame(1, '{'))
  const drip = setInterval(() => {
    for (const client of pinging) client.send(pingFrame())
    for (const client of halfBodies) client.send(dataFrame(1, ' '))
  }, 1_000)
  const began = performance.now()
  const isOver = ({ isClosed }: { isClosed: boolean }) => isClosed
  await until(
    'the others to be gone',
    () => [...unshaken, ...mute, ...silent, ...pinging, ...halfHeaders].every(isOver),
    {
      timeoutMs: 60_000,
    },
  )
  await until('half bodies to be reset', () => halfBodies.every((client) => client.resetCode(1) === cancel), {
    timeoutMs: 90_000,
  })
  expect(performance.now() - began).toBeLessThan(90_000)
  clearInterval(drip)
  await pulse[Symbol.asyncDispose]()
  expect(pulse.p99).toBeLessThan(3_000)
  for (const client of halfBodies) client.close()
  // Those who hear nothing never end their half of the connection: the server does not wait for it.
  await expectUnharmed(server, before)
  for (const client of deaf) client.close()
})

/** A connection that is made, and on which nothing more happens. */
async function openSocket(socket: Socket, event: string): Promise<{ isClosed: boolean }> {
  const state = { isClosed: false }
  socket.on('error', () => {})
  socket.resume().on('close', () => {
    state.isClosed = true
  })
  await once(socket, event)
  return state
}
