/**
 * Blocks of a stream as bytes, made once for all who read them (PROTOCOL §5.3). Framed as one chunk of a
 * chunked HTTP/1.1 body; the bare bytes are a view of the same memory, for sinks that frame on their own.
 */
export class Frame {
  /** The blocks as one HTTP/1.1 chunk: size, CRLF, bytes, CRLF. */
  readonly chunked: Buffer
  /** How many events are in it; 0 for control events and heartbeats. */
  readonly events: number
  readonly #from: number

  private constructor(chunked: Buffer, from: number, events: number) {
    this.chunked = chunked
    this.#from = from
    this.events = events
  }

  /** Frames what the encoder wrote. */
  static of(text: string, events = 0): Frame {
    const length = Buffer.byteLength(text)
    const size = `${length.toString(16)}\r\n`
    const chunked = Buffer.allocUnsafe(size.length + length + 2)
    chunked.write(size, 0, 'latin1')
    chunked.write(text, size.length, 'utf8')
    chunked.write('\r\n', size.length + length, 'latin1')
    return new Frame(chunked, size.length, events)
  }

  /** Puts several frames into one, so that a stream takes one write for all of them. */
  static join(frames: readonly Frame[]): Frame {
    if (frames.length === 1) return frames[0]!
    let length = 0
    let events = 0
    for (const frame of frames) {
      length += frame.length
      events += frame.events
    }
    const size = `${length.toString(16)}\r\n`
    const chunked = Buffer.allocUnsafe(size.length + length + 2)
    let at = chunked.write(size, 0, 'latin1')
    for (const frame of frames) {
      at += frame.chunked.copy(chunked, at, frame.#from, frame.chunked.length - 2)
    }
    chunked.write('\r\n', at, 'latin1')
    return new Frame(chunked, size.length, events)
  }

  /** The blocks without framing. */
  get bare(): Buffer {
    return this.chunked.subarray(this.#from, this.chunked.length - 2)
  }

  /** Length of the bare bytes. */
  get length(): number {
    return this.chunked.length - this.#from - 2
  }
}
