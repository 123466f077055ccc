import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Line, LineSplitter } from './line-splitter.ts'

function split(chunks: readonly Uint8Array[], mostBytes = 1_000): Line[] {
  const splitter = new LineSplitter(mostBytes)
  const lines: Line[] = []
  for (const chunk of chunks) {
    splitter.push(chunk)
    for (let line = splitter.next(); line !== undefined; line = splitter.next()) lines.push(line)
  }
  const last = splitter.finish()
  return last === undefined ? lines : [...lines, last]
}

function textsOf(input: string): string[] {
  return split([Buffer.from(input)]).map(({ text }) => text)
}

/** Cuts bytes at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end))
}

describe('lines', () => {
  test('are the same however the bytes arrive', () => {
    const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '😀', '\r', '\uFEFF') }), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(texts, fc.array(fc.nat()), fc.boolean(), (texts, places, endsOpen) => {
        const bytes = Buffer.from(texts.join('\n') + (endsOpen ? '' : '\n'))
        expect(split(cut(bytes, places), 12)).toEqual(split([bytes], 12))
      }),
    )
  })

  test('any text without line ends and signature comes back as it is', () => {
    const character = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code))
    const text = fc.array(character).map((characters) =>
      characters
        .join('')
        .toWellFormed()
        .replaceAll(/[\r\n\uFEFF]/g, ''),
    )
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        expect(textsOf(texts.map((text) => `${text}\n`).join(''))).toEqual(texts)
      }),
    )
  })

  test('end with LF or CRLF, and the last may have no end', () => {
    expect(textsOf('a\r\nb\n\nc\rd\ne')).toEqual(['a', 'b', '', 'c\rd', 'e'])
  })

  test('are numbered from 1, the signature of a file is not part of the first', () => {
    expect(split([Buffer.from('\uFEFFa\n\uFEFFb\n')]).map(({ number, text }) => [number, text])).toEqual([
      [1, 'a'],
      [2, '\uFEFFb'],
    ])
  })

  test('bytes that are not UTF-8 are replaced, and the line says so', () => {
    const lines = split([Buffer.from('good\n'), Buffer.from([0x61, 0xff, 0x0a]), Buffer.from('good\n')])
    expect(lines.map(({ text, isRepaired }) => [text, isRepaired])).toEqual([
      ['good', false],
      ['a\uFFFD', true],
      ['good', false],
    ])
  })

  test('one that is too long is reported before its end, and the next is whole again', () => {
    const splitter = new LineSplitter(4)
    splitter.push(Buffer.from('abcd\r\nabcdefgh'))
    expect(splitter.next()).toMatchObject({ number: 1, text: 'abcd' })
    expect(splitter.next()).toMatchObject({ number: 2, isTooLong: true, text: '' })
    expect(splitter.next()).toBeUndefined()
    splitter.push(Buffer.from('ijkl\nab\nabcde\n'))
    expect(splitter.next()).toMatchObject({ number: 3, text: 'ab' })
    expect(splitter.next()).toMatchObject({ number: 4, isTooLong: true })
    expect(splitter.next()).toBeUndefined()
    expect(splitter.finish()).toBeUndefined()
  })

  test('a line without end takes no more memory than a line may have', () => {
    const splitter = new LineSplitter(10)
    for (let piece = 0; piece < 1_000; piece++) {
      splitter.push(Buffer.from('abc'))
      while (splitter.next() !== undefined);
      expect(splitter.unfinishedBytes).toBeLessThanOrEqual(11)
    }
  })
})
