import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { until } from '../support/until.ts'
import { judge } from '../support/verdict.ts'

const nginx = requireProgram('nginx')
const haproxy = requireProgram('haproxy')

/** What a proxy held back would come with the next heartbeat, which is a minute away. */
const atOnceMs = 15_000

describe.skipIf(nginx === undefined)('behind nginx', () => {
  it.each([
    ['as it comes', ''],
    [
      'with buffering and compression switched on',
      'proxy_buffering on; gzip on; gzip_types *; gzip_min_length 0;',
    ],
  ])('%s, events arrive at once', async (_, directives) => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 60_000 } })
    await using proxy = await ProxyProcess.nginx(nginx!, server.port, directives)
    using publisher = new Publisher({ port: proxy.port, name: 'publisher' })
    const headers = { 'Accept-Encoding': 'gzip' }
    const opened = performance.now()
    using reader = await SseReader.open({ port: proxy.port, topics: ['orders'], headers })
    expect(performance.now() - opened).toBeLessThan(atOnceMs)
    for (let index = 1; index <= 5; index++) {
      const start = performance.now()
      await publisher.publish({ topic: 'orders' })
      await reader.hasReceived(index)
      expect(performance.now() - start).toBeLessThan(atOnceMs)
    }
    expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
  })

  it('that hangs up on what is silent for two seconds, heartbeats keep a quiet stream open', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 200 } })
    await using proxy = await ProxyProcess.nginx(nginx!, server.port, 'proxy_read_timeout 2s;')
    await expectUncut(proxy.port)
  })

  it('and a heartbeat that is too slow for it costs a reconnect, and no event', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 2_500 } })
    await using proxy = await ProxyProcess.nginx(nginx!, server.port, 'proxy_read_timeout 1s;')
    await expectResumed(server, proxy.port)
  })
})

describe.skipIf(haproxy === undefined)('behind haproxy', () => {
  it('with a time-out of two seconds, heartbeats keep a quiet stream open', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 200 } })
    await using proxy = await ProxyProcess.haproxy(haproxy!, server.port, [
      'timeout server 2s',
      'timeout client 2s',
    ])
    await expectUncut(proxy.port)
  })

  it('and a heartbeat that is too slow for it costs a reconnect, and no event', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 2_500 } })
    await using proxy = await ProxyProcess.haproxy(haproxy!, server.port, [
      'timeout server 1s',
      'timeout client 30s',
    ])
    await expectResumed(server, proxy.port)
  })

  it('whose connections all end at once, streams go on without a gap', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 300 } })
    const options = ['timeout server 30s', 'timeout client 30s', 'timeout tunnel 30s']
    await using proxy = await ProxyProcess.haproxy(haproxy!, server.port, options)
    using publisher = new Publisher({ port: server.port, name: 'publisher' })
    using reader = await SseReader.open({ port: proxy.port, topics: ['orders'], reconnect: 'at-once' })
    await publisher.publish({ topic: 'orders' })
    await reader.hasReceived(1)
    await proxy.restart()
    await publisher.publish({ topic: 'orders' })
    await reader.hasReceived(2)
    expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
    expect(reader.connections).toBeGreaterThan(1)
    expect(reader.said('gap')).toEqual([])
  })
})

/** A quiet stream through a proxy is still open after two of its time-outs. */
async function expectUncut(port: number): Promise<void> {
  using reader = await SseReader.open({ port, topics: ['quiet'] })
  const start = performance.now()
  await until('two time-outs', () => performance.now() - start > 4_500)
  expect(reader.isOpen).toBe(true)
  expect(reader.comments).toBeGreaterThanOrEqual(4)
}

/** A stream that a proxy cuts again and again gets everything all the same. */
async function expectResumed(server: ServerProcess, port: number): Promise<void> {
  using publisher = new Publisher({ port: server.port, name: 'publisher' })
  using reader = await SseReader.open({ port, topics: ['orders'], reconnect: 'at-once' })
  for (let round = 1; round <= 2; round++) {
    await publisher.publish({ topic: 'orders' })
    await until('the proxy to cut it', () => reader.ends.length >= round)
    await publisher.publish({ topic: 'orders' })
  }
  await reader.hasReceived(4)
  expect(reader.said('gap')).toEqual([])
  expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
}
