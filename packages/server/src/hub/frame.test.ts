import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Frame } from './frame.ts'

/** Takes HTTP/1.1 chunks apart, as a client does. */
function unchunk(bytes: Buffer): string {
  let body = Buffer.alloc(0)
  for (let at = 0; at < bytes.length; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    body = Buffer.concat([body, bytes.subarray(lineEnd + 2, lineEnd + 2 + size)])
    expect(bytes.toString('latin1', lineEnd + 2 + size, lineEnd + 4 + size)).toBe('\r\n')
    at = lineEnd + 4 + size
  }
  return body.toString()
}

test('a frame is one chunk around its bare bytes, alone or joined', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (texts) => {
      const frames = texts.map((one) => Frame.of(one, 1))
      const joined = Frame.join(frames)
      const whole = Buffer.from(texts.join(''))
      expect(joined.bare.equals(whole)).toBe(true)
      expect(joined.length).toBe(whole.length)
      expect(joined.events).toBe(texts.length)
      expect(unchunk(joined.chunked)).toBe(whole.toString())
      expect(unchunk(Buffer.concat(frames.map(({ chunked }) => chunked)))).toBe(whole.toString())
    }),
  )
})
