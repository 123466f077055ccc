import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BlockReader, type ReadBlock } from './block-reader.ts'
import { ResponseReader } from './response-reader.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { until } from './until.ts'

let accepted: Socket[]
let closeEcho: () => void
let port: number

beforeEach(async () => {
  accepted = []
  const echo = createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  port = (echo.address() as AddressInfo).port
  closeEcho = () => {
    for (const socket of accepted) socket.destroy()
    echo.close()
  }
})

afterEach(() => closeEcho())

/** A client of the echo server, with what it got and in how many pieces. */
async function client(proxy: TcpProxy) {
  const socket = connect(proxy.port, '127.0.0.1')
  await once(socket, 'connect')
  const got = { text: '', pieces: 0, end: '' }
  socket.on('data', (bytes) => {
    got.text += bytes.toString()
    got.pieces++
  })
  socket.on('end', () => {
    got.end = 'FIN'
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    got.end = error.code ?? ''
  })
  return { socket, got }
}

it('a proxy without settings passes everything on, and the end', async () => {
  await using proxy = await TcpProxy.start(port)
  const { socket, got } = await client(proxy)
  socket.end('hello')
  await until('the end', () => got.end === 'FIN')
  expect(got.text).toBe('hello')
})

it('slices arrive one by one', async () => {
  await using proxy = await TcpProxy.start(port, { down: { sliceBytes: 1 } })
  const { socket, got } = await client(proxy)
  socket.write('byte by byte')
  await until('all of it', () => got.text === 'byte by byte')
  expect(got.pieces).toBeGreaterThan(3)
})

it('latency delays, and a rate stretches', async () => {
  await using proxy = await TcpProxy.start(port, { up: { latencyMs: 120 }, down: { bytesPerSecond: 10_000 } })
  const { socket, got } = await client(proxy)
  const start = performance.now()
  socket.write('x'.repeat(500))
  await until('the bytes', () => got.text.length === 500)
  socket.write('y')
  await until('the last byte', () => got.text.length === 501)
  // 500 bytes at 10,000 a second are 50 ms, before the last byte may pass.
  expect(performance.now() - start).toBeGreaterThan(160)
})

it('a pause holds everything back until it is over', async () => {
  await using proxy = await TcpProxy.start(port, { down: { isPaused: true } })
  const { socket, got } = await client(proxy)
  socket.write('later')
  await until('the echo', () => accepted[0]?.bytesWritten === 5)
  expect(got.text).toBe('')
  proxy.set({})
  await until('the bytes', () => got.text === 'later')
})

it('a black hole swallows, and nobody notices', async () => {
  await using proxy = await TcpProxy.start(port, { up: { isBlackhole: true } })
  const { socket, got } = await client(proxy)
  socket.write('lost')
  await until('the bytes to vanish', () => proxy.swallowed === 4)
  proxy.set({})
  socket.write('kept')
  await until('what came after', () => got.text !== '')
  expect(got).toMatchObject({ text: 'kept', end: '' })
})

it('a connection is cut after so many bytes', async () => {
  await using proxy = await TcpProxy.start(port, { down: { cutAfterBytes: 4, sliceBytes: 4 } })
  const { socket, got } = await client(proxy)
  socket.write('12345678')
  await until('the cut', () => got.end !== '')
  expect(got).toMatchObject({ end: 'ECONNRESET' })
  expect(got.text.length).toBeLessThanOrEqual(4)
})

it.each(['FIN', 'RST'] as const)('a connection can be ended by %s', async (how) => {
  await using proxy = await TcpProxy.start(port)
  const { got } = await client(proxy)
  await until('the link', () => accepted.length === 1)
  proxy.cut(how)
  await until('the end', () => got.end === (how === 'FIN' ? 'FIN' : 'ECONNRESET'))
  await until('the links to go', () => proxy.size === 0)
})

it('blocks are read the same in one piece and byte by byte', () => {
  const text =
    'retry: 10\r\nevent: a\rid: 1\ntopic: é/1\r\ntime: 12\rdata: ä €\r\ndata:  b\n\n: note\nid: 2\n\n\r\ndata:\n\n'
  const whole = readBlocks([Buffer.from(text)])
  const bytes = readBlocks([...Buffer.from(text)].map((byte) => Uint8Array.of(byte)))
  expect(bytes).toEqual(whole)
  expect(whole).toEqual([
    { type: 'a', id: '1', topic: 'é/1', timeMs: 12, data: 'ä €\n b', retry: 10 },
    { type: 'message', id: '2' },
    { type: 'message', data: '' },
  ])
})

it('a chunked response is read the same in one piece and byte by byte', () => {
  const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n'
  for (const size of [1, 3, 1_000]) {
    const seen: string[] = []
    const reader = new ResponseReader({
      onHead: ({ status }) => seen.push(String(status)),
      onBody: (bytes) => seen.push(Buffer.from(bytes).toString()),
      onEnd: () => seen.push('.'),
    })
    for (let at = 0; at < text.length; at += size) reader.push(Buffer.from(text.slice(at, at + size)))
    expect(seen.join('')).toBe('200hello!.')
  }
})

function readBlocks(pieces: readonly Uint8Array[]): ReadBlock[] {
  const blocks: ReadBlock[] = []
  const reader = new BlockReader((block) => blocks.push(block))
  for (const piece of pieces) reader.push(piece)
  return blocks
}
