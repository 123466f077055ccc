import { formatCursor, parseCursor } from '@tidings/protocol'
import { describe, expect, it } from 'vitest'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { judge, readLog } from '../support/verdict.ts'

describe('a cursor at the border of what retention has left', () => {
  it('gets a gap if, and only if, the event after it is gone', async () => {
    await using server = await ServerProcess.start({
      settings: { retentionEvents: 10, heartbeatMs: 200, tailBytes: 0 },
    })
    const { port } = server
    using publisher = new Publisher({ port, name: 'publisher' })
    await publisher.publish(...Array.from({ length: 25 }, () => ({ topic: 'orders' })))
    const ids = publisher.publications[0]!.attempts.flatMap((attempt) => {
      return attempt.kind === 'acknowledged' ? attempt.ids : []
    })
    const log = await until('retention', async () => {
      const found = await readLog(server.url)
      return found.trimmedThrough === 15 && found
    })
    const idOf = (seq: number) => ids[seq - 1]!
    const first = log.trimmedThrough + 1
    const cases = [
      { after: first - 3, gap: true },
      { after: first - 2, gap: true },
      { after: first - 1, gap: false },
      { after: first, gap: false },
      { after: 24, gap: false },
      { after: 25, gap: false },
    ]
    const readers: SseReader[] = []
    for (const { after, gap } of cases) {
      const reader = await SseReader.open({
        port,
        topics: ['orders'],
        lastEventId: idOf(after),
        name: `after ${after}`,
      })
      readers.push(reader)
      await reader.hasBlock('live')
      const gaps = reader.said('gap')
      const told = { reason: 'trimmed', from: idOf(after), to: idOf(first - 1), missed: first - 1 - after }
      expect(gaps, `after #${after}`).toEqual(gap ? [told] : [])
      expect(reader.received, `after #${after}`).toBe(25 - Math.max(after, first - 1))
      expect(reader.said('connected')[0]).toMatchObject({ resumed: true })
    }
    expect(await judge({ server, publishers: [publisher], readers })).toEqual([])
    for (const reader of readers) reader.close()
  })

  it('that is one beyond the last is of a history that this log does not have', async () => {
    await using server = await ServerProcess.start()
    using publisher = new Publisher({ port: server.port, name: 'publisher' })
    await publisher.publish({ topic: 'orders' })
    const { epoch, head } = await readLog(server.url)
    const beyond = formatCursor({ epoch, seq: head + 1, tag: 'abcde' })
    using reader = await SseReader.open({ port: server.port, topics: ['orders'], lastEventId: beyond })
    await reader.hasBlock('gap')
    expect(reader.said('gap')).toMatchObject([{ reason: 'diverged', from: beyond, missed: null }])
    expect(parseCursor(String(reader.said('gap')[0]!.to))?.seq).toBe(head)
  })
})

it('a slow replay that retention overtakes gets one gap, in its place, and nothing twice', async () => {
  const retentionEvents = 1_000
  await using server = await ServerProcess.start({
    settings: {
      retentionEvents,
      heartbeatMs: 200,
      tailBytes: 0,
      replayPageEvents: 100,
      streamBufferBytes: 16_384,
      // However long all that takes, nobody is cut.
      stallMs: 600_000,
    },
  })
  const { port } = server
  // Enough that the buffers of the system between the two hold only a part of it.
  const batch = Array.from({ length: 250 }, () => ({ topic: 'orders', padding: 16_000 }))
  using publisher = new Publisher({ port, name: 'publisher' })
  const publish = async (batches: number) => {
    for (let index = 0; index < batches * 5; index++) await publisher.publish(...batch.slice(0, 50))
  }
  await publish(4)
  await using proxy = await TcpProxy.start(port)
  const [first] = (await readLog(server.url)).events.keys()
  using reader = await SseReader.open({ port: proxy.port, topics: ['orders'], lastEventId: first! })
  await reader.hasReceived(20)
  proxy.set({ down: { isPaused: true } })
  await until('the server to have no room for more', standsStill(server))
  const from = reader.received
  await publish(4)
  await until('retention', async () => (await readLog(server.url)).trimmedThrough >= 1_000, {
    timeoutMs: 60_000,
  })
  expect(reader.received).toBeLessThan(from + 700)
  proxy.set({})
  await reader.hasBlock('gap')
  expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
  expect(reader.said('gap')).toMatchObject([{ reason: 'trimmed' }])
  expect(reader.connections).toBe(1)
}, 180_000)

/** True once no event has gone out for twenty looks in a row. */
function standsStill(server: ServerProcess): () => Promise<boolean> {
  let last = -1
  let looks = 0
  return async () => {
    const { totalEventsSent } = (await (await fetch(`${server.url}/api/stats`)).json()) as {
      totalEventsSent: number
    }
    looks = totalEventsSent === last ? looks + 1 : 0
    last = totalEventsSent
    return looks === 20
  }
}
