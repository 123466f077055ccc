import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EventSource } from 'eventsource'
import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  anyCuts,
  anyData,
  anyStream,
  encodeStream,
  expectedOf,
  hardData,
  hardStream,
  type Part,
  piecesOf,
  type Received,
} from './encode.cases.ts'
import { encodeBlock, encodeComment } from './encode.ts'
import { limits } from './limits.ts'
import { TidingsError } from './problem.ts'

describe('what a block looks like', () => {
  test('all fields, in a fixed order', () => {
    const block = { data: 'one\ntwo', timeMs: 1, topic: 'a/b', id: '0', type: 'update', retry: 0 }
    expect(encodeBlock(block)).toBe(
      'retry: 0\nevent: update\nid: 0\ntopic: a/b\ntime: 1\ndata: one\ndata: two\n\n',
    )
  })

  test('the default type is not written', () => {
    expect(encodeBlock({ type: 'message', data: 'x' })).toBe('data: x\n\n')
  })

  test('a heartbeat is a comment and an id-only block', () => {
    expect(encodeComment('') + encodeBlock({ id: 'k3v9x0a1b2.7ps.x9k2m' })).toBe(
      ':\nid: k3v9x0a1b2.7ps.x9k2m\n\n',
    )
  })

  test('no CR ever leaves the encoder, so that no cut can fall inside a line end', () => {
    fc.assert(fc.property(anyStream, (parts) => !encodeStream(parts).includes('\r')))
  })
})

describe('what would forge other fields is refused by the encoder itself', () => {
  const anyText = fc.string({ unit: 'binary' })
  const forging = fc
    .tuple(fc.string({ unit: 'binary' }), fc.constantFrom('\r', '\n', '\r\n', '\0'), fc.string())
    .map((pieces) => pieces.join(''))

  test.each(['id', 'type', 'topic'] as const)('CR, LF or NUL in %s', (field) => {
    fc.assert(
      fc.property(forging, (text) => {
        expect(() => encodeBlock({ [field]: text, data: 'x' })).toThrow(TidingsError)
      }),
    )
  })

  test('CR, LF or NUL in a comment', () => {
    fc.assert(
      fc.property(forging, (text) => {
        expect(() => encodeComment(text)).toThrow(TidingsError)
      }),
    )
  })

  test('whatever is accepted has exactly the lines that its fields ask for', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, fc.maxSafeNat(), anyData, (id, type, topic, timeMs, data) => {
        let text: string
        try {
          text = encodeBlock({ id, type, topic, timeMs, data })
        } catch {
          return
        }
        const names = text.split('\n').map((line) => line.slice(0, line.indexOf(':')))
        const lines = data.split(/\r\n|\r|\n/).length
        const event = type === 'message' ? [] : ['event']
        expect(names).toEqual([...event, 'id', 'topic', 'time', ...Array(lines).fill('data'), '', ''])
      }),
    )
  })

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '1\nid: 2'])('retry: %s', (retry) => {
    expect(() => encodeBlock({ retry: retry as number })).toThrow(TidingsError)
  })

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1\nid: 2'])('time: %s', (timeMs) => {
    expect(() => encodeBlock({ timeMs: timeMs as number })).toThrow(TidingsError)
  })

  test('retry may be 0 and may be what a timer holds at most', () => {
    expect(encodeBlock({ retry: 0 })).toBe('retry: 0\n\n')
    expect(encodeBlock({ retry: limits.retryMs })).toBe('retry: 2147483647\n\n')
  })
})

describe('through eventsource-parser', () => {
  function parse(pieces: readonly Uint8Array[]) {
    const received: Received[] = []
    const retries: number[] = []
    const comments: string[] = []
    const unknown: [field: string, value: string][] = []
    let lastEventId = ''
    const parser = createParser({
      onId: (id) => {
        lastEventId = id
      },
      onEvent: ({ event, data }) => received.push({ type: event ?? 'message', data, lastEventId }),
      onRetry: (retry) => retries.push(retry),
      onComment: (comment) => comments.push(comment),
      onError: (error) => {
        if (error.type !== 'unknown-field') throw error
        unknown.push([error.field!, error.value!])
      },
    })
    const decoder = new TextDecoder()
    for (const piece of pieces) parser.feed(decoder.decode(piece, { stream: true }))
    return { received, retries, comments, unknown, lastEventId }
  }

  test('every hard payload arrives as it was sent, line ends as LF, one byte at a time', () => {
    for (const data of hardData) {
      const part = { kind: 'block', block: { type: 'update', id: '1', data } } as const
      expect(parse(piecesOf([part], 'every byte')).received).toEqual(expectedOf([part]))
    }
  })

  test('topic and time are fields that it does not know, and passes over', () => {
    fc.assert(
      fc.property(anyStream, (parts) => {
        const { unknown, received } = parse(piecesOf(parts, []))
        const blocks = parts.flatMap((part) => (part.kind === 'block' ? [part.block] : []))
        const fields = blocks.flatMap(({ topic, timeMs }) => [
          ['topic', topic],
          ['time', timeMs?.toString()],
        ])
        expect(unknown).toEqual(fields.filter(([, value]) => value !== undefined))
        expect(received).toEqual(expectedOf(parts))
      }),
    )
  })

  test('any stream, cut anywhere, arrives as the model says', () => {
    fc.assert(
      fc.property(anyStream, anyCuts, (parts, cuts) => {
        const parsed = parse(piecesOf(parts, cuts))
        expect(parsed.received).toEqual(expectedOf(parts))
        const blocks = parts.flatMap((part) => (part.kind === 'block' ? [part.block] : []))
        expect(parsed.retries).toEqual(blocks.flatMap(({ retry }) => retry ?? []))
        expect(parsed.comments).toEqual(parts.flatMap((part) => (part.kind === 'comment' ? [part.text] : [])))
        expect(parsed.lastEventId).toBe(blocks.findLast(({ id }) => id !== undefined)?.id ?? '')
      }),
      { numRuns: 200 },
    )
  })
})

describe('through eventsource, from a real server', () => {
  const streams: Uint8Array[][] = []
  let server: Server
  let origin: string

  beforeAll(async () => {
    server = createServer((request, response) => {
      response.socket?.setNoDelay(true)
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
      void writePieces(response, streams[Number(request.url?.slice(1))] ?? [])
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  test('every hard payload arrives as it was sent, line ends as LF', async () => {
    expect(await receive(hardStream, [1, 7, 100, 1_000])).toEqual(expectedOf(hardStream))
  })

  test('any stream, cut anywhere, arrives as the model says', async () => {
    await fc.assert(
      fc.asyncProperty(anyStream, anyCuts, async (parts, cuts) => {
        expect(await receive(parts, cuts)).toEqual(expectedOf(parts))
      }),
      { numRuns: 40 },
    )
  })

  /** What an EventSource receives, up to a last block of ours that says that this was all. */
  async function receive(
    parts: readonly Part[],
    cuts: readonly number[] | 'every byte',
  ): Promise<Received[]> {
    const end = 'the end of this case'
    const all: Part[] = [...parts, { kind: 'block', block: { type: end, data: '' } }]
    const source = new EventSource(`${origin}/${streams.push(piecesOf(all, cuts, 4_000)) - 1}`)
    const received: Received[] = []
    try {
      await new Promise<void>((resolve, reject) => {
        const types = new Set(expectedOf(all).map(({ type }) => type))
        for (const type of types) {
          source.addEventListener(type, (event) => {
            // Its own `open` and `error` are no messages; ours of the same name are.
            if (!(event instanceof MessageEvent)) return
            if (type === end) resolve()
            else received.push({ type, data: event.data as string, lastEventId: event.lastEventId })
          })
        }
        source.addEventListener('error', (event) => {
          if (!(event instanceof MessageEvent)) reject(new Error(`the stream broke: ${event.message}`))
        })
      })
    } finally {
      source.close()
    }
    return received
  }
})

/** Writes one piece after another, each as a chunk of its own, once the one before has left. */
async function writePieces(response: ServerResponse, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    if (response.destroyed) return
    await new Promise((resolve) => response.write(piece, resolve))
  }
}
