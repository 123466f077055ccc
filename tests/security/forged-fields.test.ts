import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sample } from '../history/index.ts'
import { codeOf, publishRaw, sendRaw } from '../support/raw-http.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { within } from '../support/until.ts'
import { expectUnharmed } from './unharmed.ts'

let server: ServerProcess
let before: Sample

beforeAll(async () => {
  server = await ServerProcess.start()
  before = await server.sample()
})

afterAll(async () => {
  try {
    await expectUnharmed(server, before)
  } finally {
    await server[Symbol.asyncDispose]()
  }
})

/** What could end a line or hide one, on some parser. */
const forging = {
  LF: '\n',
  CR: '\r',
  CRLF: '\r\n',
  NUL: '\0',
  NEL: '\u0085',
  'line separator': '\u2028',
  'paragraph separator': '\u2029',
  'byte order mark': '\uFEFF',
  'right-to-left override': '\u202E',
  'zero-width space': '\u200B',
  'lone surrogate': '\uD800',
}

describe('characters that could forge a field are refused before anything is stored', () => {
  for (const [name, character] of Object.entries(forging)) {
    const forged = `a${character}id: 1`

    it(`${name} in a type, wherever it is given`, async () => {
      const event = JSON.stringify({ topic: 'orders', type: forged, data: 1 })
      const single = await publishRaw(server.port, event)
      expect([single.status, codeOf(single)]).toEqual([400, 'invalid_field'])
      const batch = await publishRaw(server.port, `[{"topic":"orders"},${event}]`)
      expect([batch.status, codeOf(batch)]).toEqual([400, 'invalid_field'])
      if (!forged.isWellFormed()) return
      const path = `/api/events?topic=orders&type=${encodeURIComponent(forged)}`
      const headers = ['Content-Type: text/plain']
      const text = await sendRaw({ port: server.port, method: 'POST', path, headers, body: 'x' })
      expect([text.status, codeOf(text)]).toEqual([400, 'invalid_field'])
      expect(
        (await sendRaw({ port: server.port, path: `/events?types=${encodeURIComponent(forged)}` })).status,
      ).toBe(400)
    })

    it(`${name} in a topic, wherever it is given`, async () => {
      const event = JSON.stringify({ topic: forged, data: 1 })
      const answer = await publishRaw(server.port, event)
      expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_topic'])
      if (!forged.isWellFormed()) return
      const encoded = encodeURIComponent(forged)
      for (const path of [`/events?topic=${encoded}`, `/events/${encoded}`, `/api/events?topic=${encoded}`]) {
        expect((await sendRaw({ port: server.port, path })).status, path).toBe(400)
      }
      const note = JSON.stringify({ type: 'info', title: 't', message: 'm' })
      const path = `/api/notifications/${encoded}`
      const headers = ['Content-Type: application/json']
      expect((await sendRaw({ port: server.port, method: 'POST', path, headers, body: note })).status).toBe(
        400,
      )
    })
  }

  it('and none of it was stored', async () => {
    const page = await sendRaw({ port: server.port, path: '/api/events?topic=**' })
    expect((JSON.parse(page.body) as { events: unknown[] }).events).toEqual([])
  })
})

describe('data of any kind arrives as it was sent', () => {
  const payloads = {
    'lone CR': 'a\rb',
    CRLF: 'a\r\nb',
    'empty line': 'a\n\nb',
    'what looks like fields': 'a\nid: 7\nevent: gap\nretry: 1\n\ndata: forged',
    'byte order mark': '\uFEFFa',
    'leading space': '  a',
    empty: '',
    'only line ends': '\n\r\n\r',
    'line separator': 'a\u2028b\u2029c\u0085d',
    NUL: 'a\0b',
    'all of Unicode': '𝒳 ü € \u{10FFFF}',
  }
  for (const [name, text] of Object.entries(payloads)) {
    it(name, async () => {
      const topic = `data/${name.replaceAll(' ', '-')}`
      using reader = await SseReader.open({ port: server.port, topics: [topic] })
      const body = JSON.stringify([
        { topic, text },
        { topic, data: { text } },
      ])
      expect((await publishRaw(server.port, body)).status).toBe(201)
      await reader.hasReceived(2)
      const [asText, asJson] = reader.data
      expect(asText).toBe(text.replaceAll(/\r\n|\r/g, '\n'))
      expect(JSON.parse(asJson!)).toEqual({ text })
      expect(reader.blocks.filter(({ type }) => type !== 'connected').map(({ type }) => type)).toEqual([
        'message',
        'message',
      ])
    })
  }

  it.each(['{"topic":"a","data":"\\ud800"}', '{"topic":"a","text":"\\udfff"}'])(
    'but half a character is refused: %s',
    async (body) => {
      const answer = await publishRaw(server.port, body)
      expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_field'])
    },
  )

  it('and bytes that are no UTF-8 are refused', async () => {
    const body = Buffer.concat([
      Buffer.from('{"topic":"a","data":"'),
      Buffer.of(0xff, 0xfe),
      Buffer.from('"}'),
    ])
    const headers = ['Content-Type: application/json']
    const answer = await sendRaw({ port: server.port, method: 'POST', path: '/api/events', headers, body })
    expect(answer.status).toBe(400)
    expect((await sendRaw({ port: server.port, path: '/events?topic=%ff%fe' })).status).toBe(400)
  })
})

describe('what the server alone says cannot be published', () => {
  it.each(['connected', 'live', 'gap', 'goodbye'])('the type %s', async (type) => {
    const answer = await publishRaw(server.port, JSON.stringify({ topic: 'orders', type, data: {} }))
    expect([answer.status, codeOf(answer)]).toEqual([400, 'reserved_type'])
  })

  it.each(['$metrics', '$stats/x', '$'])('the topic %s', async (topic) => {
    const answer = await publishRaw(server.port, JSON.stringify({ topic, data: {} }))
    expect([answer.status, codeOf(answer)]).toEqual([400, 'reserved_topic'])
  })

  it.each(['id', 'retry', 'event', '__proto__', 'time'])('the field %s', async (field) => {
    const answer = await publishRaw(server.port, `{"topic":"orders","data":1,"${field}":"1"}`)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_field'])
  })
})

describe('topics have bounds', () => {
  it.each([
    ['too long', 'a'.repeat(257)],
    ['too long in bytes', 'ä'.repeat(129)],
    ['33 segments', Array(33).fill('a').join('/')],
    ['an empty segment', 'a//b'],
    ['two dots', 'a/../b'],
    ['a wildcard', 'a/*'],
    ['white space', 'a b'],
  ])('%s is refused', async (_, topic) => {
    const answer = await publishRaw(server.port, JSON.stringify({ topic, data: 1 }))
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_topic'])
  })
})

describe('a retry time that is none', () => {
  it.each(['-1', '1.5', '5\nid: 1', '1e9x', 'Infinity', '9999999999999'])(
    '%j is refused at the start',
    async (retryMs) => {
      await using misled = await ServerProcess.prepare({ env: { TIDINGS_RETRY_MS: retryMs } })
      misled.launch()
      const { code } = await within('the refusal', 60_000, misled.ended)
      expect(code).toBeGreaterThan(0)
      expect(misled.output).toContain('TIDINGS_RETRY_MS')
    },
  )
})
