import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'
import { judge, readLog } from '../support/verdict.ts'

describe('a new epoch that an operator begins', () => {
  it('is told to every open stream by one gap, without a reconnect', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 200 } })
    const { port } = server
    using publisher = new Publisher({ port, name: 'publisher' })
    const readers = await Promise.all(
      ['orders', '**', 'quiet'].map((topic) => SseReader.open({ port, topics: [topic], name: topic })),
    )
    for (let index = 0; index < 10; index++) await publisher.publish({ topic: 'orders' })
    const old = (await readLog(server.url)).epoch
    const epoch = await rotate(server)
    for (let index = 0; index < 10; index++) await publisher.publish({ topic: 'orders' })
    const violations = await judge({ server, publishers: [publisher], readers }, { epochs: [old, epoch] })
    expect(violations).toEqual([])
    for (const reader of readers) {
      expect(reader.said('gap'), reader.options.name!).toMatchObject([{ reason: 'epoch' }])
      expect(reader.connections).toBe(1)
      reader.close()
    }
  })

  it('is told to whoever comes back from the old one', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 200 } })
    using publisher = new Publisher({ port: server.port, name: 'publisher' })
    using reader = await SseReader.open({ port: server.port, topics: ['orders'], reconnect: 'as-told' })
    await publisher.publish({ topic: 'orders' })
    await reader.hasReceived(1)
    await server.kill('SIGKILL')
    await server.start()
    const old = (await readLog(server.url)).epoch
    const epoch = await rotate(server)
    await publisher.publish({ topic: 'orders' })
    await reader.hasBlock('gap')
    const violations = await judge(
      { server, publishers: [publisher], readers: [reader] },
      { epochs: [old, epoch] },
    )
    expect(violations).toEqual([])
  })

  it('is not kept from a client whose connection is cut anywhere around the gap', async () => {
    await using server = await ServerProcess.start()
    using publisher = new Publisher({ port: server.port, name: 'publisher' })
    await publisher.publish({ topic: 'orders' })
    const old = (await readLog(server.url)).epoch
    const [lastEventId] = (await readLog(server.url)).events.keys()
    const epoch = await rotate(server)
    // A little more gets through each time, until all does. The gap may come twice, but never not at all.
    for (let cutAfterBytes = 300, isWhole = false; !isWhole; cutAfterBytes += 20) {
      await using proxy = await TcpProxy.start(server.port, { down: { cutAfterBytes, sliceBytes: 20 } })
      using reader = new SseReader({
        port: proxy.port,
        topics: ['orders'],
        lastEventId: lastEventId!,
        reconnect: 'at-once',
      })
      reader.connect()
      await until(
        'the cut or the whole answer',
        () => reader.ends.length > 0 || reader.said('live').length > 0,
      )
      isWhole = reader.ends.length === 0
      proxy.set({})
      await reader.hasBlock('live')
      const violations = await judge(
        { server, publishers: [], readers: [reader] },
        { epochs: [old, epoch], stored: new Map() },
      )
      expect(violations, `cut after ${cutAfterBytes} bytes`).toEqual([])
      expect(reader.said('gap').length, `cut after ${cutAfterBytes} bytes`).toBeGreaterThan(0)
    }
  }, 120_000)
})

describe('an older backup that is put in the place of the log', () => {
  it.each([
    ['is shorter than where the stream was', 3],
    ['has grown beyond where the stream was', 15],
  ])('is told by a gap when it %s', async (_, published) => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 200 } })
    await using backup = await tempFolder()
    const { port } = server
    using before = new Publisher({ port, name: 'before' })
    using lost = new Publisher({ port, name: 'lost' })
    using after = new Publisher({ port, name: 'after' })
    for (let index = 0; index < 10; index++) await before.publish({ topic: 'orders' })
    await server.kill('SIGTERM')
    await cp(server.data, backup.path, { recursive: true })
    await server.start()
    const lastEventId = (await readLog(server.url)).events.keys().next().value!
    using reader = await SseReader.open({ port, topics: ['orders'], lastEventId })
    for (let index = 0; index < 10; index++) await lost.publish({ topic: 'orders' })
    await reader.hasReceived(19)
    const withdrawn = new Set([...(await readLog(server.url)).events.keys()].slice(10))
    await server.kill('SIGTERM')
    for (const name of await readdir(server.data)) await rm(join(server.data, name), { recursive: true })
    await cp(backup.path, server.data, { recursive: true })
    await server.start()
    for (let index = 0; index < published; index++) await after.publish({ topic: 'orders' })
    reader.connect()
    await reader.hasBlock('gap')
    expect(reader.said('gap')).toMatchObject([{ reason: 'diverged', missed: null }])
    await after.publish({ topic: 'orders' })
    const publishers = [before, lost, after]
    expect(await judge({ server, publishers, readers: [reader] }, { withdrawn })).toEqual([])
  })
})

async function rotate(server: ServerProcess): Promise<string> {
  const response = await fetch(`${server.url}/api/admin/rotate`, { method: 'POST' })
  expect(response.status).toBe(200)
  return ((await response.json()) as { epoch: string }).epoch
}
