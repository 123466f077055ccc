import fc from 'fast-check'

/** Types that generated streams use, and that listeners listen to; a stream may make up others, which nobody hears. */
export const someTypes = ['message', 'update', 'error', 'open', 'größe', 'a:b', ' two spaces', 'a\0b', '🙂']

const lineEnd = fc.constantFrom('\n', '\r', '\r\n')
/** What comes between a field's name and its value. */
const colon = fc.constantFrom(':', ': ', ':  ', ' : ', ':\t', '')
const value = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    ' ',
    ':',
    'a',
    'a\0b',
    '\0',
    'größe',
    '🙂',
    '\uFEFF',
    '\u2028\u0085',
    'data: x',
  ),
  fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n]/g, '')),
)
const retry = fc.constantFrom('1', '0', '00002', '', 'soon', '1.5', '-1', '+1', '1e3', '０', '1 ', '0x1')

const field = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('data'), colon, value) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constant('event'), colon, fc.oneof(fc.constantFrom(...someTypes, ''), value)),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant('id'), colon, value) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('retry'), colon, retry) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom('', 'Data', 'dat', 'datas', 'ids', 'topic', 'time', '\uFEFFdata'),
      colon,
      value,
    ),
  },
)
const line = fc.oneof(
  { weight: 5, arbitrary: field.map((parts) => parts.join('')) },
  { weight: 4, arbitrary: fc.constant('') },
)
const text = fc.array(fc.tuple(line, lineEnd), { maxLength: 40 }).map((lines) => lines.flat().join(''))

/** Bytes that are no UTF-8, whole or cut. */
const noise = fc.constantFrom(
  [0xff],
  [0xc3],
  [0xe2, 0x82],
  [0xf0, 0x9f, 0x99],
  [0x80],
  [0xed, 0xa0, 0x80],
  [0xc0, 0xaf],
)

/** The bytes of a stream: rich in everything that the format has a rule for, cut off anywhere, and not always UTF-8. */
export const anyStreamBytes: fc.Arbitrary<Uint8Array> = fc
  .record({
    start: fc.constantFrom('', '\uFEFF', '\uFEFF\uFEFF', '\uFEFF\uFEFF\uFEFF'),
    first: text,
    noise: fc.option(noise, { freq: 3 }),
    second: text,
    // A last line that has no end.
    rest: fc.oneof(fc.constant(''), line),
  })
  .map(({ start, first, noise: bad, second, rest }) =>
    Buffer.concat([Buffer.from(start + first), Buffer.from(bad ?? []), Buffer.from(second + rest)]),
  )

/** Where a stream is cut into pieces: at every byte, nowhere, or here and there. */
export const anyPieces: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array[]> = fc
  .oneof(
    fc.constant([1]),
    fc.constant([Number.MAX_SAFE_INTEGER]),
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
  )
  .map((sizes) => {
    const cut = (bytes: Uint8Array) => cutBySizes(bytes, sizes)
    // What a counterexample shows of it.
    return Object.assign(cut, {
      [fc.toStringMethod]: () => `pieces of ${sizes.join(', ')} bytes, again and again`,
    })
  })

function cutBySizes(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + sizes[pieces.length % sizes.length]!)
    pieces.push(bytes.subarray(at, end))
    at = end
  }
  return pieces
}
