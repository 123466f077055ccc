import { formatCursor, parseCursor } from '@tidings/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sample } from '../history/index.ts'
import { Pulse } from '../support/pulse.ts'
import { publishRaw, sendRaw } from '../support/raw-http.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { expectUnharmed } from './unharmed.ts'

let server: ServerProcess
let before: Sample
let ids: string[]

beforeAll(async () => {
  server = await ServerProcess.start()
  const events = Array.from({ length: 50 }, (_, index) => ({
    topic: index % 2 === 0 ? 'mine' : 'secret',
    data: index,
  }))
  const answer = await publishRaw(server.port, JSON.stringify(events))
  ids = (JSON.parse(answer.body) as { ids: string[] }).ids
  before = await server.sample()
})

afterAll(async () => {
  try {
    await expectUnharmed(server, before)
  } finally {
    await server[Symbol.asyncDispose]()
  }
})

const marker = 'x-marker-7f3a'

describe('whatever comes as a last id is answered 200 and a gap, and repeated nowhere', () => {
  const garbage: Readonly<Record<string, string>> = {
    'a word': marker,
    'a number': '42',
    'a negative number': `-1.${marker}`,
    NaN: `NaN${marker}`,
    markup: `<script>${marker}</script>`,
    'quotes and colons': `"${marker}":`,
    'bytes above 127': `\u00e4\u00ff${marker}`,
    'four kilobytes': marker.repeat(315),
    SQL: `' OR 1=1; -- ${marker}`,
  }
  for (const [name, id] of Object.entries(garbage)) {
    it(`${name}, as a header`, async () => {
      const headers = [`Last-Event-ID: ${id}`]
      expectGap(
        await sendRaw({ port: server.port, path: '/events?topic=mine', headers, until: 'event: live' }),
      )
    })

    it(`${name}, in the query`, async () => {
      const path = `/events?topic=mine&lastEventId=${encodeURIComponent(id)}`
      expectGap(await sendRaw({ port: server.port, path, until: 'event: live' }))
    })
  }

  it('escape sequences, which no header may hold', async () => {
    const headers = [`Last-Event-ID: \x1b[31m${marker}`]
    const answer = await sendRaw({ port: server.port, path: '/events?topic=mine', headers })
    expect(answer.status).toBe(400)
    expect(answer.raw + answer.body).not.toContain(marker)
    const path = `/events?topic=mine&lastEventId=%1b[31m${marker}`
    expectGap(await sendRaw({ port: server.port, path, until: 'event: live' }))
  })

  it('line ends in the query', async () => {
    const path = `/events?topic=mine&lastEventId=a%0d%0aX-Injected:%20${marker}%0d%0a%0d%0aevent:%20forged`
    expectGap(await sendRaw({ port: server.port, path, until: 'event: live' }))
  })

  it('two headers', async () => {
    const headers = [`Last-Event-ID: ${ids[0]}`, `Last-Event-ID: ${marker}`]
    expectGap(await sendRaw({ port: server.port, path: '/events?topic=mine', headers, until: 'event: live' }))
  })

  it('sixteen kilobytes are refused, or a gap, and do no harm', async () => {
    const headers = [`Last-Event-ID: ${'a'.repeat(16_384)}`]
    const answer = await sendRaw({
      port: server.port,
      path: '/events?topic=mine',
      headers,
      until: 'event: live',
    })
    expect([200, 431]).toContain(answer.status)
  })

  function expectGap({ status, raw, body }: { status: number; raw: string; body: string }): void {
    expect(status).toBe(200)
    expect(body).toContain('event: gap')
    expect(body).toContain('"reason":"bad-cursor","from":null')
    expect(raw + body).not.toContain(marker)
    expect(body).not.toContain('forged')
  }

  it('and it is not in the log either', () => {
    expect(server.output).not.toContain(marker)
    expect(server.output).not.toContain('\x1b[31m')
  })
})

describe('a cursor of our own form that is not of this log', () => {
  const own = () => parseCursor(ids[20]!)!
  it.each([
    ['of another history', () => formatCursor({ ...own(), epoch: 'othertenan' }), 'epoch'],
    ['with another tag', () => formatCursor({ ...own(), tag: 'zzzzz' }), 'diverged'],
    ['of the future', () => formatCursor({ ...own(), seq: 1_000_000 }), 'diverged'],
    ['of the far future', () => formatCursor({ ...own(), seq: Number.MAX_SAFE_INTEGER }), 'diverged'],
    [
      'before the first, with another tag',
      () => formatCursor({ ...own(), seq: 0, tag: 'zzzzz' }),
      'diverged',
    ],
  ])('%s gets a gap', async (_, cursor, reason) => {
    using reader = await SseReader.open({ port: server.port, topics: ['mine'], lastEventId: cursor() })
    await reader.hasBlock('live')
    expect(reader.said('gap')).toMatchObject([{ reason, from: cursor(), missed: null }])
    expect(reader.received).toBe(0)
  })

  it('costs no scan of the log: a hundred at once do not hold anybody up', async () => {
    const pulse = new Pulse(server.port)
    const cursor = formatCursor({ ...own(), tag: 'zzzzz' })
    const readers = await Promise.all(
      Array.from({ length: 100 }, () =>
        SseReader.open({ port: server.port, topics: ['**'], lastEventId: cursor }),
      ),
    )
    for (const reader of readers) reader.close()
    await pulse[Symbol.asyncDispose]()
    expect(pulse.longest).toBeLessThan(5_000)
  })
})

it('a gap and a replay show no data of topics that were not asked for', async () => {
  using reader = await SseReader.open({ port: server.port, topics: ['mine'], lastEventId: ids[9]! })
  await reader.hasBlock('live')
  expect(reader.data).toEqual([...Array(50).keys()].filter((n) => n > 9 && n % 2 === 0).map(String))
  using gapped = await SseReader.open({ port: server.port, topics: ['mine'], lastEventId: marker })
  await gapped.hasBlock('live')
  expect(gapped.said('gap')[0]).toMatchObject({ from: null, missed: null })
})
