import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { syncCalls, Tracer } from '../support/tracer.ts'
import { until } from '../support/until.ts'
import { judge, readLog } from '../support/verdict.ts'

/** How often the server is killed; the long run has 200 rounds. */
const rounds = Number(process.env.TIDINGS_TEST_ROUNDS ?? 8)

describe('a server that is killed', () => {
  it('loses nothing that it acknowledged, and repeats nothing, however often', {
    timeout: 120_000 + rounds * 5_000,
  }, async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 200 } })
    const { port } = server
    const publishers = Array.from(
      { length: 4 },
      (_, index) => new Publisher({ port, name: `publisher-${index}` }),
    )
    const readers = await Promise.all([
      SseReader.open({ port, topics: ['**'], name: 'everything', reconnect: 'at-once' }),
      SseReader.open({ port, topics: ['orders/1'], name: 'one topic', reconnect: 'at-once' }),
    ])
    const done = publishers.map((publisher) =>
      publisher.publishUntilStopped((index) => ({ topic: `orders/${index % 3}` })),
    )
    for (let round = 0; round < rounds; round++) {
      const moment = performance.now() + 10 + Math.random() * 490
      await until('the moment', () => performance.now() > moment)
      await server.kill('SIGKILL')
      await server.start()
    }
    await readers[0].hasReceived(rounds * 5)
    for (const publisher of publishers) publisher.stop()
    await Promise.all(done)
    expect(await judge({ server, publishers, readers })).toEqual([])
    for (const party of [...publishers, ...readers]) party[Symbol.dispose]()
  })

  it('after an event was shown and before it was acknowledged: the retry gets the same id', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 200 } })
    // The answer never arrives, so that for the publisher the server dies before it acknowledges.
    await using proxy = await TcpProxy.start(server.port, { down: { isBlackhole: true } })
    using reader = await SseReader.open({ port: server.port, topics: ['orders'], reconnect: 'at-once' })
    using publisher = new Publisher({ port: proxy.port, name: 'publisher' })
    const publication = publisher.draft([{ topic: 'orders' }])
    const first = publisher.attempt(publication)
    await reader.hasReceived(1)
    await server.kill('SIGKILL')
    expect((await first).kind).toBe('unknown')
    await server.start()
    proxy.set({})
    expect(await publisher.attempt(publication)).toMatchObject({ kind: 'acknowledged', isDuplicate: true })
    expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
    expect(reader.received).toBe(1)
  })
})

const strace = requireProgram('strace')

describe.skipIf(strace === undefined)('a server that dies in the midst of a commit', () => {
  it('has stored and not yet shown the event: it arrives after the restart, under the id of the retry', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 200 } })
    using reader = await SseReader.open({ port: server.port, topics: ['orders'], reconnect: 'at-once' })
    using publisher = new Publisher({ port: server.port, name: 'publisher' })
    await publisher.publish({ topic: 'orders' })
    await reader.hasReceived(1)
    const publication = publisher.draft([{ topic: 'orders' }])
    {
      // The commit is written when it is synced; the kill comes before anybody can learn of it.
      await using _ = await Tracer.attach(strace!, server.pid, `${syncCalls}:signal=SIGKILL:when=1`)
      expect((await publisher.attempt(publication)).kind).toBe('unknown')
      expect(await server.ended).toMatchObject({ signal: 'SIGKILL' })
    }
    expect(reader.received).toBe(1)
    await server.start()
    await reader.hasReceived(2)
    expect(await publisher.attempt(publication)).toMatchObject({ kind: 'acknowledged', isDuplicate: true })
    expect((await readLog(server.url)).events.size).toBe(2)
    expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
  })
})
