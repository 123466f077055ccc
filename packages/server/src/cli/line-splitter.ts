import { isUtf8 } from 'node:buffer'

/** A line of the input, without its end. */
export interface Line {
  /** From 1. */
  readonly number: number
  /** Bytes that are not UTF-8 are replaced by U+FFFD. */
  readonly text: string
  /** Whether something was replaced. */
  readonly isRepaired: boolean
  /** Whether it is longer than allowed; then the text is empty. */
  readonly isTooLong: boolean
}

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Cuts bytes, in chunks of any size, into lines; holds one chunk and the line under way, no more. */
export class LineSplitter {
  readonly #mostBytes: number
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #chunk: Uint8Array = new Uint8Array()
  #at = 0
  /** Pieces of the line under way from earlier chunks; a copy each, so that it does not hold its chunk. */
  #pieces: Uint8Array[] = []
  #pieceBytes = 0
  #isSwallowing = false
  #number = 0

  /** @param mostBytes of a line. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Takes the next chunk, once `next` has no more lines of the last. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#at = 0
  }

  /** The next complete line of what was pushed; `undefined` if there is none. */
  next(): Line | undefined {
    while (this.#at < this.#chunk.length) {
      const end = this.#chunk.indexOf(lineFeed, this.#at)
      const piece = this.#chunk.subarray(this.#at, end === -1 ? undefined : end)
      this.#at = end === -1 ? this.#chunk.length : end + 1
      const line = this.#take(piece, end !== -1)
      if (line !== undefined) return line
    }
    return undefined
  }

  /** At the end of the input: the last line, if it had no end; `undefined` if nothing is left. */
  finish(): Line | undefined {
    return this.#pieceBytes > 0 ? this.#line(Buffer.concat(this.#pieces)) : undefined
  }

  /** Bytes of a line that has no end yet. */
  get unfinishedBytes(): number {
    return this.#pieceBytes
  }

  #take(piece: Uint8Array, isComplete: boolean): Line | undefined {
    if (this.#isSwallowing) {
      this.#isSwallowing = !isComplete
      return undefined
    }
    // One more, since a carriage return at the end may not count.
    if (this.#pieceBytes + piece.length > this.#mostBytes + 1) {
      this.#isSwallowing = !isComplete
      return this.#line(undefined)
    }
    if (isComplete)
      return this.#line(this.#pieceBytes === 0 ? piece : Buffer.concat([...this.#pieces, piece]))
    if (piece.length > 0) this.#pieces.push(piece.slice())
    this.#pieceBytes += piece.length
    return undefined
  }

  #line(bytes: Uint8Array | undefined): Line {
    this.#pieces = []
    this.#pieceBytes = 0
    const number = ++this.#number
    const trimmed = bytes?.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes
    if (trimmed === undefined || trimmed.length > this.#mostBytes) {
      return { number, text: '', isRepaired: false, isTooLong: true }
    }
    const text = this.#decoder.decode(trimmed)
    // A byte order mark is the signature of a file, not part of its first line.
    const clean = number === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text
    return { number, text: clean, isRepaired: !isUtf8(trimmed), isTooLong: false }
  }
}
