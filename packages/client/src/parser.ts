import { limits } from '@tidings/protocol'

/** A block of a stream that has data: what the standard dispatches as an event. */
export interface Message {
  /** The `event:` name; `message` if there is none. */
  readonly type: string
  /** The `data:` lines, joined by LF. */
  readonly data: string
  /** The id of this block; `undefined` if it has none of its own. */
  readonly id: string | undefined
  /** The stream's last id after this block, its own or an earlier block's: what the standard calls `lastEventId`. */
  readonly lastEventId: string
  /** Tidings' own field `topic:` (PROTOCOL §5.3). */
  readonly topic: string | undefined
  /** Tidings' own field `time:` (PROTOCOL §5.3), in milliseconds since 1970. */
  readonly timeMs: number | undefined
}

/** Who is told what a parser finds. */
export interface ParserListener {
  onMessage(message: Message): void
  /** A block without data moved the last id; it dispatches nothing. */
  onId?(lastEventId: string): void
  /** The server says when to come back, in milliseconds. */
  onRetry?(retryMs: number): void
}

/** What a parser may be told. */
export interface ParserOptions {
  /** The largest block, in bytes; 1 MiB if absent. Counted in characters, each of which has at least one byte. */
  readonly maxEventBytes?: number | undefined
  /** The last id at the beginning: blocks without an id of their own repeat it. */
  readonly lastEventId?: string | undefined
}

/** A block is larger than `maxEventBytes`. The parser can't go on: the rest of the block would look like others. */
export class EventTooLargeError extends Error {
  override readonly name = 'EventTooLargeError'
  constructor(maxEventBytes: number) {
    super(
      `An event has more than ${maxEventBytes} bytes; raise maxEventBytes, or publish a link to what is large.`,
    )
  }
}

/** The largest event by default, in bytes. */
export const defaultMaxEventBytes = 1_048_576

const byteOrderMark = '\uFEFF'
const digits = /^[0-9]+$/

/**
 * Reads the format of Server-Sent Events (HTML standard, 9.2.6), exactly and in linear time, from pieces of text
 * that may be cut anywhere. Bytes become text by `new TextDecoder()` with `{ stream: true }`, which also takes away
 * a byte order mark; one at the beginning of the text is skipped too.
 */
export class Parser {
  readonly #listener: ParserListener
  readonly #maxEventBytes: number
  #isFirst = true
  /** The last piece ended in CR: an LF that comes next is the same line's end. */
  #isAfterCr = false
  /** The beginning of a line whose end has not come. Only ever added to, so that single bytes cost no more than many. */
  #rest = ''
  #size = 0
  #data: string | undefined
  #type = 'message'
  #id: string | undefined
  #lastEventId: string
  #topic: string | undefined
  #timeMs: number | undefined

  constructor(listener: ParserListener, options: ParserOptions = {}) {
    this.#listener = listener
    this.#maxEventBytes = options.maxEventBytes ?? defaultMaxEventBytes
    this.#lastEventId = options.lastEventId ?? ''
  }

  /** The stream's last id. */
  get lastEventId(): string {
    return this.#lastEventId
  }

  /**
   * Takes the next piece. What the stream ends in without an empty line is never dispatched, as the standard has it.
   * @throws EventTooLargeError and whatever the listener throws.
   */
  feed(piece: string): void {
    if (piece === '') return
    let at = 0
    if (this.#isFirst) {
      this.#isFirst = false
      if (piece.startsWith(byteOrderMark)) at = 1
    }
    if (this.#isAfterCr) {
      this.#isAfterCr = false
      if (piece.charCodeAt(at) === 0x0a) at++
    }
    // One look for CR in the whole piece: most streams have none, and then a line's end is one search.
    if (piece.indexOf('\r', at) === -1) this.#feedLines(piece, at)
    else this.#feedMixed(piece, at)
  }

  /** A piece whose lines end in LF. */
  #feedLines(piece: string, start: number): void {
    let at = start
    let end = piece.indexOf('\n', at)
    if (this.#rest !== '' && end !== -1) {
      this.#finishRest(piece, at, end)
      at = end + 1
      end = piece.indexOf('\n', at)
    }
    while (end !== -1) {
      if (at === end) this.#dispatch()
      else if (isDataField(piece, at)) {
        this.#addData(piece, at + 4, end)
        // Nearly every event is one line of data and an empty line: one search less.
        if (piece.charCodeAt(end + 1) === 0x0a) {
          this.#dispatch()
          end++
        }
      } else this.#line(piece, at, end)
      at = end + 1
      end = piece.indexOf('\n', at)
    }
    this.#keep(piece, at)
  }

  /** A piece that has CR somewhere. */
  #feedMixed(piece: string, start: number): void {
    let at = start
    let nextCr = piece.indexOf('\r', at)
    let nextLf = piece.indexOf('\n', at)
    while (nextCr !== -1 || nextLf !== -1) {
      const isCr = nextCr !== -1 && (nextLf === -1 || nextCr < nextLf)
      const end = isCr ? nextCr : nextLf
      if (this.#rest !== '') this.#finishRest(piece, at, end)
      else if (at === end) this.#dispatch()
      else this.#line(piece, at, end)
      at = end + 1
      if (isCr && at === piece.length) this.#isAfterCr = true
      else if (isCr && nextLf === at) at++
      // Each search begins where the last one of its kind found something: together they read the piece once.
      if (nextCr !== -1 && nextCr < at) nextCr = piece.indexOf('\r', at)
      if (nextLf !== -1 && nextLf < at) nextLf = piece.indexOf('\n', at)
    }
    this.#keep(piece, at)
  }

  #keep(piece: string, at: number): void {
    if (at === piece.length) return
    this.#rest += at === 0 ? piece : piece.slice(at)
    this.#grow(this.#rest.length)
  }

  #finishRest(piece: string, at: number, end: number): void {
    const line = this.#rest + piece.slice(at, end)
    this.#rest = ''
    this.#line(line, 0, line.length)
  }

  /** One line that is not empty, `text` from `start` to before `end`. */
  #line(text: string, start: number, end: number): void {
    // Names are compared character by character: `startsWith` is a call for each line, and costs a third of the speed.
    switch (text.charCodeAt(start)) {
      case 0x64:
        if (isName(text, start, end, 4) && text.startsWith('ata', start + 1))
          this.#addData(text, start + 4, end)
        return
      case 0x69:
        if (isName(text, start, end, 2) && text.charCodeAt(start + 1) === 0x64)
          this.#setId(fieldValue(text, start + 2, end))
        return
      case 0x65:
        if (isName(text, start, end, 5) && text.startsWith('vent', start + 1))
          this.#type = fieldValue(text, start + 5, end) || 'message'
        return
      case 0x74:
        if (isName(text, start, end, 5) && text.startsWith('opic', start + 1))
          this.#topic = fieldValue(text, start + 5, end)
        else if (isName(text, start, end, 4) && text.startsWith('ime', start + 1)) {
          this.#timeMs = wholeNumber(fieldValue(text, start + 4, end))
        }
        return
      case 0x72:
        if (isName(text, start, end, 5) && text.startsWith('etry', start + 1))
          this.#retry(fieldValue(text, start + 5, end))
    }
  }

  #addData(text: string, colonAt: number, end: number): void {
    this.#size += end - colonAt
    if (this.#size > this.#maxEventBytes) throw new EventTooLargeError(this.#maxEventBytes)
    const value = fieldValue(text, colonAt, end)
    this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`
  }

  #setId(value: string): void {
    // A NUL would be cut short, or refused, in the header that brings the id back.
    if (!value.includes('\0')) this.#id = value
  }

  #dispatch(): void {
    const id = this.#id
    if (id !== undefined) {
      this.#lastEventId = id
      this.#id = undefined
    }
    const data = this.#data
    const type = this.#type
    this.#type = 'message'
    if (data === undefined) {
      if (id !== undefined) this.#listener.onId?.(id)
      return
    }
    this.#data = undefined
    this.#size = 0
    const topic = this.#topic
    const timeMs = this.#timeMs
    if (topic !== undefined) this.#topic = undefined
    if (timeMs !== undefined) this.#timeMs = undefined
    this.#listener.onMessage({ type, data, id, lastEventId: this.#lastEventId, topic, timeMs })
  }

  #retry(value: string): void {
    const retryMs = wholeNumber(value)
    // Longer than a timer can wait would be at once.
    if (retryMs !== undefined) this.#listener.onRetry?.(Math.min(retryMs, limits.retryMs))
  }

  #grow(rest: number): void {
    if (this.#size + rest > this.#maxEventBytes) throw new EventTooLargeError(this.#maxEventBytes)
  }
}

/** Whether a line begins with `data:`, character by character: a call of `startsWith` for each line costs a third of the speed. */
function isDataField(text: string, start: number): boolean {
  return (
    text.charCodeAt(start) === 0x64 &&
    text.charCodeAt(start + 1) === 0x61 &&
    text.charCodeAt(start + 2) === 0x74 &&
    text.charCodeAt(start + 3) === 0x61 &&
    text.charCodeAt(start + 4) === 0x3a
  )
}

/** Whether a name of this length ends here: at a colon, or with the line. */
function isName(text: string, start: number, end: number, length: number): boolean {
  const after = start + length
  return after === end || text.charCodeAt(after) === 0x3a
}

/** What follows the name: without the colon, and without one space. */
function fieldValue(text: string, colonAt: number, end: number): string {
  const first = colonAt + 1
  if (first >= end) return ''
  return text.slice(text.charCodeAt(first) === 0x20 ? first + 1 : first, end)
}

function wholeNumber(value: string): number | undefined {
  return digits.test(value) ? Number(value) : undefined
}
