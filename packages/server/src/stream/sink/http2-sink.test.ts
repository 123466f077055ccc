import { once } from 'node:events'
import { createServer, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import {
  frameType,
  Http2Client,
  requestFrame,
  settingId,
  windowUpdateFrame,
} from '../../../../../tests/support/http2-client.ts'
import { Frame } from '../../hub/frame.ts'
import { openSink } from '../respond.ts'
import { Http2Sink } from './http2-sink.ts'
import type { Sink } from './sink.ts'

/** A sink of a real response, and what its owner was told. */
interface Opened {
  readonly sink: Sink
  readonly owner: { readonly onRoom: () => void; readonly onClose: () => void }
}

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A server that opens a sink for each request, and a client whose streams may send so many bytes at first. */
async function start(stallMs: number, windowBytes: number) {
  const opened: Opened[] = []
  const server = createServer((_request, response: Http2ServerResponse) => {
    response.writeHead(200)
    const owner = { onRoom: vi.fn(), onClose: vi.fn() }
    opened.push({ sink: openSink(response, owner, stallMs), owner })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const { port } = server.address() as AddressInfo
  const client = await Http2Client.open({
    port,
    isPlain: true,
    settings: [[settingId.initialWindowSize, windowBytes]],
  })
  closing.push(() => client.close())
  const open = async (streamId: number): Promise<Opened> => {
    client.send(requestFrame(streamId, '/'))
    const count = opened.length
    await vi.waitFor(() => expect(opened.length).toBe(count + 1))
    return opened.at(-1)!
  }
  return { client, open }
}

const block = (text: string) => Frame.of(`data: ${text}\n\n`)
const cancel = 8

test('a stream whose reader opens no window is cut after the time, and the others of its session go on', async () => {
  const { client, open } = await start(300, 0)
  const stalled = await open(1)
  const healthy = await open(3)
  expect(stalled.sink).toBeInstanceOf(Http2Sink)
  client.send(windowUpdateFrame(3, 1_000_000))
  const began = performance.now()
  // A few bytes: too few for the sink to be full, and yet nobody takes them.
  expect(stalled.sink.write(block('never read'))).toBe(true)
  await vi.waitFor(() => expect(stalled.owner.onClose).toHaveBeenCalledOnce())
  expect(performance.now() - began).toBeGreaterThan(250)
  await vi.waitFor(() => expect(client.resetCode(1)).toBe(cancel))
  expect(client.text(1)).toBe('')
  healthy.sink.write(block('read'))
  await vi.waitFor(() => expect(client.text(3)).toBe('data: read\n\n'))
  expect(client.isOver).toBe(false)
})

test('a stream that is quiet is not cut, however long it is', async () => {
  const { client, open } = await start(2_000, 1_000)
  const { sink, owner } = await open(1)
  sink.write(block('one'))
  await vi.waitFor(() => expect(client.text(1)).toContain('one'))
  await new Promise((resolve) => setTimeout(resolve, 4_400))
  sink.write(block('two'))
  await vi.waitFor(() => expect(client.text(1)).toContain('two'))
  expect(owner.onClose).not.toHaveBeenCalled()
})

test('a reader that is slow but takes its pieces keeps its stream, and gets a large event whole', async () => {
  const { client, open } = await start(3_000, 0)
  const { sink, owner } = await open(1)
  const text = 'x'.repeat(150_000)
  expect(sink.write(block(text))).toBe(false)
  client.send(windowUpdateFrame(0, 1_000_000))
  // Twice as long in all as it may take nothing.
  for (let turn = 0; turn < 20; turn++) {
    client.send(windowUpdateFrame(1, 8_000))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(owner.onClose).not.toHaveBeenCalled()
  }
  await vi.waitFor(() => expect(client.text(1)).toBe(`data: ${text}\n\n`))
  await vi.waitFor(() => expect(owner.onRoom).toHaveBeenCalledOnce())
})

test('a reader that is always one event late keeps its stream', async () => {
  const { client, open } = await start(3_000, 0)
  const { sink, owner } = await open(1)
  const event = block('x'.repeat(92))
  sink.write(event)
  // Twice as long in all as it may take nothing.
  for (let turn = 0; turn < 40; turn++) {
    sink.write(event)
    client.send(windowUpdateFrame(1, event.bare.length))
    await vi.waitFor(() => expect(client.text(1)).toHaveLength((turn + 1) * event.bare.length))
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  expect(owner.onClose).not.toHaveBeenCalled()
})

test('a reader that takes single bytes does not hold its stream for ever', async () => {
  const { client, open } = await start(300, 0)
  const { sink, owner } = await open(1)
  sink.write(block('x'.repeat(100_000)))
  const drip = setInterval(() => client.send(windowUpdateFrame(1, 1)), 5)
  await vi.waitFor(() => expect(owner.onClose).toHaveBeenCalledOnce())
  clearInterval(drip)
  expect(client.text(1).length).toBeGreaterThan(1)
})

test('a full stream has little waiting, says once that there is room, and goodbye comes after a whole event', async () => {
  const { client, open } = await start(60_000, 0)
  const { sink, owner } = await open(1)
  const large = block('y'.repeat(60_000))
  const small = block('z'.repeat(1_000))
  let written = 1
  while (sink.write(small)) written++
  expect(written).toBeLessThan(20)
  client.send(windowUpdateFrame(0, 1_000_000), windowUpdateFrame(1, 1_000_000))
  await vi.waitFor(() => expect(owner.onRoom).toHaveBeenCalledOnce())
  sink.write(large)
  sink.end(block('goodbye'))
  await vi.waitFor(() => expect(owner.onClose).toHaveBeenCalledOnce())
  const expected = small.bare.toString().repeat(written) + large.bare + block('goodbye').bare
  expect(client.text(1)).toBe(expected)
  expect(client.of(frameType.rstStream)).toEqual([])
})

test('an end that nobody takes is cut too', async () => {
  const { client, open } = await start(200, 0)
  const { sink, owner } = await open(1)
  sink.end(block('goodbye'))
  await vi.waitFor(() => expect(owner.onClose).toHaveBeenCalledOnce())
  await vi.waitFor(() => expect(client.resetCode(1)).toBe(cancel))
})
