import type { Behaviour, Body } from './exchange.ts'
import { type StreamOptions, streamInPieces } from './streams.ts'

/** Each byte in a chunk of its own. */
export function byteByByte(body: Body, options?: StreamOptions): Behaviour {
  return streamInPieces(piecesOf(body, 1), options)
}

/** Cut after each byte of every character of several bytes, and nowhere else. */
export function cutInsideCharacters(body: Body, options?: StreamOptions): Behaviour {
  const bytes = Buffer.from(body)
  const cuts = [...bytes.keys()].filter((at) => at > 0 && (bytes[at]! & 0xc0) === 0x80)
  return streamInPieces(cutAt(bytes, cuts), options)
}

/** Cut between each CR and the LF after it, and nowhere else. */
export function cutBetweenCrAndLf(body: Body, options?: StreamOptions): Behaviour {
  const bytes = Buffer.from(body)
  const cuts = [...bytes.keys()].filter((at) => bytes[at - 1] === 13 && bytes[at] === 10)
  return streamInPieces(cutAt(bytes, cuts), options)
}

/** Pieces of `size` bytes; the last one may be smaller. */
export function piecesOf(body: Body, size: number): Uint8Array[] {
  const bytes = Buffer.from(body)
  const cuts = Array.from({ length: Math.ceil(bytes.length / size) - 1 }, (_, index) => (index + 1) * size)
  return cutAt(bytes, cuts)
}

/** The pieces between cuts, which are numbers of bytes from the beginning, ascending. */
export function cutAt(body: Body, cuts: readonly number[]): Uint8Array[] {
  const bytes = Buffer.from(body)
  const ends = [...cuts, bytes.length]
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
}
