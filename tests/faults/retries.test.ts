import { describe, expect, it } from 'vitest'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { judge, readLog } from '../support/verdict.ts'

describe('the same Idempotency-Key', () => {
  it('gives the same ids and stores one event: in turn, all at once, and after a restart', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 200 } })
    const { port } = server
    using reader = await SseReader.open({ port, topics: ['orders'], reconnect: 'at-once' })
    using publisher = new Publisher({ port, name: 'publisher' })
    const one = publisher.draft([{ topic: 'orders' }, { topic: 'orders' }])
    expect(await publisher.attempt(one)).toMatchObject({ isDuplicate: false })
    expect(await publisher.attempt(one)).toMatchObject({ isDuplicate: true })
    const other = publisher.draft([{ topic: 'orders' }])
    await Promise.all(Array.from({ length: 100 }, () => publisher.attempt(other)))
    await server.kill('SIGKILL')
    await server.start()
    expect(await publisher.attempt(one)).toMatchObject({ isDuplicate: true })
    expect(await publisher.attempt(other)).toMatchObject({ isDuplicate: true })
    expect((await readLog(server.url)).events.size).toBe(3)
    // The checker compares all 104 answers with each other.
    expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
  })

  it('with another body is refused, and stores nothing', async () => {
    await using server = await ServerProcess.start()
    using publisher = new Publisher({ port: server.port, name: 'publisher' })
    const one = publisher.draft([{ topic: 'orders' }])
    await publisher.attempt(one)
    const other = publisher.draft([{ topic: 'orders' }])
    const outcome = await publisher.attempt({ ...other, key: one.key })
    expect(outcome).toEqual({ kind: 'refused', status: 422 })
    expect((await readLog(server.url)).events.size).toBe(1)
  })

  it('stands for something new when its window is over', async () => {
    await using server = await ServerProcess.start({ settings: { idempotencyWindowMs: 300 } })
    using publisher = new Publisher({ port: server.port, name: 'publisher' })
    const one = publisher.draft([{ topic: 'orders' }])
    const first = await publisher.attempt(one)
    const later = await until('a new event', async () => {
      const outcome = await publisher.attempt(one)
      return outcome.kind === 'acknowledged' && !outcome.isDuplicate && outcome
    })
    expect(later).not.toEqual(first)
    expect((await readLog(server.url)).events.size).toBe(2)
  })
})

it('clients that give up before the answer comes, again and again, store each event once', async () => {
  await using server = await ServerProcess.start({ settings: { heartbeatMs: 200 } })
  await using proxy = await TcpProxy.start(server.port, { down: { latencyMs: 400 } })
  using reader = await SseReader.open({ port: server.port, topics: ['orders'] })
  using publisher = new Publisher({ port: proxy.port, name: 'impatient', timeoutMs: 150 })
  const done = Promise.all(Array.from({ length: 40 }, () => publisher.publish({ topic: 'orders' })))
  await until(
    'a storm of retries',
    () => publisher.publications.reduce((sum, { attempts }) => sum + attempts.length, 0) > 200,
    { timeoutMs: 90_000 },
  )
  proxy.set({})
  for (const outcome of await done) expect(outcome.kind).toBe('acknowledged')
  expect((await readLog(server.url)).events.size).toBe(40)
  expect(await judge({ server, publishers: [publisher], readers: [reader] })).toEqual([])
})
