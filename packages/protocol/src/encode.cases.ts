import fc from 'fast-check'
import { type Block, encodeBlock, encodeComment } from './encode.ts'

/** Generated streams, and what every EventSource must make of them: for its tests here and in a real browser. */

/** What is written into a stream, one after another. */
export type Part =
  | { readonly kind: 'block'; readonly block: Block }
  | { readonly kind: 'comment'; readonly text: string }

/** What an EventSource hands to a page. */
export interface Received {
  readonly type: string
  readonly data: string
  readonly lastEventId: string
}

/** Payloads that an encoder gets wrong, each after a failure of a real one. */
export const hardData: readonly string[] = [
  '',
  ' ',
  '  leading spaces',
  'trailing space ',
  '\r',
  '\n',
  '\r\n',
  '\n\r',
  '\n\n',
  '\r\r\n\n\r',
  'a\rb',
  'a\nb',
  'a\r\nb',
  'a\n\nb',
  'ends in a line end\n',
  'ends in an old one\r',
  '\nbegins with one',
  '\uFEFF',
  '\uFEFFafter a BOM',
  'before a BOM\n\uFEFF',
  '\u2028',
  'a\u2028b\u2029c\u0085d\u000Be\u000Cf',
  '\0',
  'a\0b',
  ':',
  ': not a comment',
  'data',
  'data: nested',
  'x\ndata: forged',
  'x\n\nevent: forged\ndata: y',
  'x\r\rid: forged\rdata: y',
  'id: 1',
  'retry: 1',
  '😀',
  'क्षि and e\u0301',
  '\u{10FFFF}',
  'x'.repeat(200_000),
  '\n'.repeat(5_000),
  'é\r\n'.repeat(5_000),
]

/** Payloads of any characters, rich in those that matter to the format. */
export const anyData = fc.oneof(
  fc.constantFrom(...hardData),
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\r', '\n', '\r\n', ' ', ':', '\0', '\uFEFF', '\u2028', 'a', 'é', '😀'),
  }),
)

/** Text for one line: anything that the encoder does not refuse. */
const anyLine = fc
  .string({
    unit: fc.oneof(fc.constantFrom(' ', ':', '\uFEFF', '\u2028', '😀'), fc.string({ unit: 'binary' })),
  })
  .map((text) => text.replace(/[\r\n\0]/g, ''))

const someType = fc.oneof(fc.constantFrom('message', 'update', 'error', 'open', ' padded ', '数'), anyLine)

const anyBlock: fc.Arbitrary<Block> = fc.record(
  {
    id: fc.oneof(fc.constantFrom('0', 'k3v9x0a1b2.7ps.x9k2m'), anyLine),
    type: someType,
    topic: fc.oneof(fc.constantFrom('orders/42', 'id', 'data: x'), anyLine),
    timeMs: fc.maxSafeNat(),
    data: anyData,
    retry: fc.constantFrom(0, 1, 2_000, 2 ** 31 - 1),
  },
  { requiredKeys: [] },
)

/** A stream: blocks with and without data, and comments among them. */
export const anyStream: fc.Arbitrary<readonly Part[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('block' as const), block: anyBlock }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('comment' as const), text: anyLine }) },
  ),
  { maxLength: 12 },
)

/** Every hard payload once, each in a block with an id of its own. */
export const hardStream: readonly Part[] = hardData.map((data, index) => ({
  kind: 'block',
  block: { id: `hard.${index}`, type: 'update', topic: 'logs/app', timeMs: 1_795_208_400_000, data },
}))

/** A stream as the encoder writes it. */
export function encodeStream(parts: readonly Part[]): string {
  return parts
    .map((part) => (part.kind === 'block' ? encodeBlock(part.block) : encodeComment(part.text)))
    .join('')
}

/** The model: what a page receives of a stream, by the rules of the HTML standard. */
export function expectedOf(parts: readonly Part[]): Received[] {
  const received: Received[] = []
  let lastEventId = ''
  for (const part of parts) {
    if (part.kind === 'comment') continue
    const { id, type, data } = part.block
    lastEventId = id ?? lastEventId
    if (data === undefined) continue
    received.push({ type: type || 'message', data: data.replace(/\r\n|\r|\n/g, '\n'), lastEventId })
  }
  return received
}

/** Cuts bytes at the given places, which may fall anywhere: inside a line, inside a character. */
function cutBytes(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...places]
    .map((from, index) => bytes.subarray(from, places[index]))
    .filter((piece) => piece.length)
}

/** Where a stream is cut: nowhere, at a few places, or after every byte. */
export const anyCuts: fc.Arbitrary<readonly number[] | 'every byte'> = fc.oneof(
  fc.constant([]),
  fc.array(fc.nat(), { maxLength: 12 }),
  fc.constant('every byte' as const),
)

/**
 * The pieces in which a stream reaches its reader.
 * @param mostPieces bounds what "every byte" costs over a network: beyond it pieces are a few bytes long.
 */
export function piecesOf(
  parts: readonly Part[],
  cuts: readonly number[] | 'every byte',
  mostPieces = Number.POSITIVE_INFINITY,
): Uint8Array[] {
  const bytes = new TextEncoder().encode(encodeStream(parts))
  if (cuts !== 'every byte') return cutBytes(bytes, cuts)
  const step = Math.max(1, Math.ceil(bytes.length / mostPieces))
  return cutBytes(
    bytes,
    Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) => index * step),
  )
}
