import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { syncCalls, Tracer } from '../support/tracer.ts'
import { until } from '../support/until.ts'
import { judge } from '../support/verdict.ts'

/** Long enough for a test on a busy machine to look on meanwhile. */
const drainMs = 10_000

describe('a server that is told to stop', () => {
  it('is first no longer ready, then says goodbye to its streams one after the other, and loses nothing', async () => {
    await using server = await ServerProcess.start({ settings: { drainMs, heartbeatMs: 200, retryMs: 500 } })
    const { port } = server
    using publisher = new Publisher({ port, name: 'publisher' })
    const readers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        SseReader.open({ port, topics: ['orders'], name: `reader-${index}`, reconnect: 'as-told' }),
      ),
    )
    const publishing = publisher.publishUntilStopped(() => ({ topic: 'orders' }))
    await Promise.all(readers.map((reader) => reader.hasReceived(20)))
    const start = performance.now()
    server.signal('SIGTERM')
    await until('it to be no longer ready', async () => !(await server.isReady()))
    // Streams are still open when a load balancer can know that there is nothing for it here.
    expect(readers.filter(({ isOpen }) => isOpen).length).toBeGreaterThan(20)
    await using late = await lateComer(port)
    expect(late.body).toContain('event: goodbye')
    const { code } = await server.ended
    expect(code).toBe(0)
    expect(performance.now() - start).toBeLessThan(drainMs + 20_000)
    await until('all readers to see the end', () => readers.every(({ ends }) => ends.length > 0))
    const ends = readers.map(({ ends }) => ends[0]! - start).sort((a, b) => a - b)
    // The last bytes and late requests get the rest of the time.
    expect(ends.at(-21)! - ends[20]!).toBeGreaterThan(drainMs * 0.2)
    for (const reader of readers) {
      const { reason, reconnect, retryMs } = JSON.parse(reader.goodbye!) as Record<string, unknown>
      expect({ reason, reconnect }).toEqual({ reason: 'drain', reconnect: true })
      expect(retryMs).toBeGreaterThan(0)
    }
    await server.start()
    publisher.stop()
    await publishing
    expect(await judge({ server, publishers: [publisher], readers })).toEqual([])
    for (const reader of readers) reader.close()
  })

  it('ends at once when nobody is connected', async () => {
    await using server = await ServerProcess.start({ settings: { drainMs: 30_000 } })
    const start = performance.now()
    expect(await server.kill('SIGTERM')).toMatchObject({ code: 0 })
    expect(performance.now() - start).toBeLessThan(20_000)
  })
})

const strace = requireProgram('strace')

it.skipIf(strace === undefined)(
  'publishes that are under way when the server is told to stop are answered',
  async () => {
    await using server = await ServerProcess.start({ settings: { drainMs, heartbeatMs: 200 } })
    using reader = await SseReader.open({ port: server.port, topics: ['orders'], reconnect: 'at-once' })
    using publisher = new Publisher({ port: server.port, name: 'publisher', attempts: 1 })
    await publisher.publish({ topic: 'orders' })
    {
      await using tracer = await Tracer.attach(strace!, server.pid, `${syncCalls}:delay_enter=400000`)
      const commits = () => tracer.output.match(/sync\(/g)?.length ?? 0
      const open = [publisher.publish({ topic: 'orders' })]
      await until('a commit to be under way', () => commits() > 0)
      for (let index = 0; index < 20; index++) open.push(publisher.publish({ topic: 'orders' }))
      await until('the next one, which takes all that came meanwhile', () => commits() > 1)
      server.signal('SIGTERM')
      for (const outcome of await Promise.all(open)) expect(outcome.kind).toBe('acknowledged')
      expect(await server.ended).toMatchObject({ code: 0 })
    }
    await server.start()
    expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
  },
)

/** Somebody who wants a stream while the server drains: told to come back, in the words of EventSource. */
async function lateComer(port: number): Promise<{ body: string } & AsyncDisposable> {
  const response = await fetch(`http://127.0.0.1:${port}/events?topic=orders`)
  expect(response.status).toBe(200)
  return { body: await response.text(), [Symbol.asyncDispose]: async () => {} }
}
