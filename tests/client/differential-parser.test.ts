import { Parser } from '@tidings/client/parser'
import { hardStreams } from '@tidings/conformance/bad-server'
import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyPieces, anyStreamBytes } from './generated-stream.ts'

/** All that a parser says, in order. */
type Trace = (
  | { readonly message: { type: string; data: string; lastEventId: string } }
  | { readonly lastEventId: string }
  | { readonly retryMs: number }
)[]

describe('our parser beside eventsource-parser', () => {
  test('any stream, cut anywhere, is the same to both: events, ids, types, retries, in the same order', () => {
    fc.assert(
      fc.property(anyStreamBytes, anyPieces, (bytes, cut) => {
        fc.pre(!isTakenForMark(bytes))
        const pieces = textOf(cut(bytes))
        expect(ours(pieces)).toEqual(theirs(pieces))
      }),
      { numRuns: 3_000 },
    )
  })

  test('to ours, the cuts make no difference', () => {
    fc.assert(
      fc.property(anyStreamBytes, anyPieces, anyPieces, (bytes, cut, otherCut) => {
        expect(ours(textOf(cut(bytes)))).toEqual(ours(textOf(otherCut(bytes))))
      }),
      { numRuns: 1_000 },
    )
  })

  test.each(hardStreams)('our parser takes $name', ({ body, messages }) => {
    const bytes = Buffer.from(body)
    for (const pieces of [[bytes], [...bytes].map((byte) => Uint8Array.of(byte))]) {
      const found = ours(textOf(pieces)).flatMap((said) => ('message' in said ? [said.message] : []))
      expect(found).toEqual(messages)
    }
  })
})

/** eventsource-parser also strips the bytes of a byte order mark that were decoded as Latin-1; as UTF-8 they are letters. */
function isTakenForMark(bytes: Uint8Array): boolean {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).startsWith('\u00EF\u00BB\u00BF')
}

function textOf(pieces: readonly Uint8Array[]): string[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  return pieces.map((piece) => decoder.decode(piece, { stream: true }))
}

function ours(pieces: readonly string[]): Trace {
  const trace: Trace = []
  const parser = new Parser({
    onMessage: ({ type, data, lastEventId }) => trace.push({ message: { type, data, lastEventId } }),
    onId: (lastEventId) => trace.push({ lastEventId }),
    onRetry: (retryMs) => trace.push({ retryMs }),
  })
  for (const piece of pieces) parser.feed(piece)
  return trace
}

function theirs(pieces: readonly string[]): Trace {
  const trace: Trace = []
  let lastEventId = ''
  const parser = createParser({
    // It tells of an id before the event that bears it; ours tells of it alone only where there is no event.
    onId: (id) => {
      lastEventId = id
      trace.push({ lastEventId })
    },
    onEvent: ({ id, event, data }) => {
      if (id !== undefined) trace.pop()
      trace.push({ message: { type: event ?? 'message', data, lastEventId } })
    },
    onRetry: (retryMs) => trace.push({ retryMs }),
  })
  for (const piece of pieces) parser.feed(piece)
  return trace
}
