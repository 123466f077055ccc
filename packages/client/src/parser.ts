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
const defaultMaxEventBytes = 1_048_576

/** The longest `retry:` that counts, in milliseconds: a timer fires at once if it is set for longer. */
const retryAtMost = 2 ** 31 - 1

const byteOrderMark = 0xfeff
const lineFeed = 0x0a
const colon = 0x3a
const space = 0x20

/**
 * Reads the format of Server-Sent Events (HTML standard, section 9.2.6), exactly and in linear time, from pieces of text
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
  /** What the block under way has so far. Its size and its lines are those of its data. */
  #size = 0
  #lines = 0
  #data = ''
  #type = ''
  #id: string | undefined
  #topic: string | undefined
  #timeMs: number | undefined
  #lastEventId: string

  constructor(
    listener: ParserListener,
    { maxEventBytes = defaultMaxEventBytes, lastEventId = '' }: ParserOptions = {},
  ) {
    this.#listener = listener
    this.#maxEventBytes = maxEventBytes
    this.#lastEventId = lastEventId
  }

  /** The stream's last id. */
  get lastEventId(): string {
    return this.#lastEventId
  }

  /**
   * Takes the next piece. What the stream ends in without an empty line is never dispatched, as the standard has it.
   * @throws EventTooLargeError and whatever the listener throws. The parser can't go on then.
   */
  feed(piece: string): void {
    if (piece === '') return
    let at = 0
    if (this.#isFirst) {
      this.#isFirst = false
      if (piece.charCodeAt(0) === byteOrderMark) at = 1
    }
    if (this.#isAfterCr) {
      this.#isAfterCr = false
      if (piece.charCodeAt(at) === lineFeed) at++
    }
    let text = piece
    const lf = piece.indexOf('\n', at)
    if (lf !== -1 || piece.includes('\r', at)) {
      let crFrom = at
      let lfFrom = Math.max(at, lf)
      if (this.#rest !== '') {
        // Joined, not added: a sum of strings is copied together once, but from then on looked at through a detour,
        // and each character of the whole piece costs a fifth more.
        text = [this.#rest, at === 0 ? piece : piece.slice(at)].join('')
        // What was kept has no end of a line in it, and is not searched for one again: in large data that is most of it.
        crFrom = this.#rest.length
        lfFrom += crFrom - at
        this.#rest = ''
        at = 0
      }
      at = this.#readLines(text, at, lfFrom, crFrom)
    }
    if (at === text.length) return
    this.#rest += at === 0 ? text : text.slice(at)
    if (this.#size + this.#rest.length > this.#maxEventBytes)
      throw new EventTooLargeError(this.#maxEventBytes)
  }

  /**
   * Reads all lines that have ended. Returns where the rest begins.
   * @param lfFrom before this there is no LF, and before `crFrom` no CR. (To hand over their places instead made the loop
   * slower by a twentieth: the compiler knows what `indexOf` returns, and nothing of parameters.)
   *
   * The fields that most blocks have are told apart here, character by character, in one loop over local variables: a
   * call for each line, and the block's parts in fields of the object, cost a quarter of the speed.
   */
  #readLines(text: string, start: number, lfFrom: number, crFrom: number): number {
    const listener = this.#listener
    const maxEventBytes = this.#maxEventBytes
    let size = this.#size
    let lines = this.#lines
    let data = this.#data
    let type = this.#type
    let id = this.#id
    let topic = this.#topic
    let timeMs = this.#timeMs
    let at = start
    // Each search begins where the last one of its kind found something: together they read the text once.
    let lf = text.indexOf('\n', lfFrom)
    let cr = text.indexOf('\r', crFrom)
    while (lf !== -1 || cr !== -1) {
      let end = cr !== -1 && (lf === -1 || cr < lf) ? cr : lf
      const first = text.charCodeAt(at)
      let isBlockEnd = at === end
      if (
        first === 0x64 &&
        text.charCodeAt(at + 1) === 0x61 &&
        text.charCodeAt(at + 2) === 0x74 &&
        text.charCodeAt(at + 3) === 0x61 &&
        text.charCodeAt(at + 4) === colon
      ) {
        const value = text.slice(text.charCodeAt(at + 5) === space ? at + 6 : at + 5, end)
        size += value.length + 1
        if (size > maxEventBytes) throw new EventTooLargeError(maxEventBytes)
        if (lines++ === 0) {
          data = value
          // Nearly every event is one line of data and an empty line: a search less.
          isBlockEnd = cr === -1 && text.charCodeAt(end + 1) === lineFeed
          if (isBlockEnd) end++
        } else data = `${data}\n${value}`
      } else if (first === 0x69 && text.charCodeAt(at + 1) === 0x64 && text.charCodeAt(at + 2) === colon) {
        const value = text.slice(text.charCodeAt(at + 3) === space ? at + 4 : at + 3, end)
        // A NUL would be cut short, or refused, in the header that brings the id back.
        if (!value.includes('\0')) id = value
      } else if (
        first === 0x65 &&
        text.charCodeAt(at + 1) === 0x76 &&
        text.charCodeAt(at + 2) === 0x65 &&
        text.charCodeAt(at + 3) === 0x6e &&
        text.charCodeAt(at + 4) === 0x74 &&
        text.charCodeAt(at + 5) === colon
      ) {
        type = text.slice(text.charCodeAt(at + 6) === space ? at + 7 : at + 6, end)
      } else if (first === 0x74 && text.startsWith('opic:', at + 1)) {
        topic = text.slice(text.charCodeAt(at + 6) === space ? at + 7 : at + 6, end)
      } else if (first === 0x74 && text.startsWith('ime:', at + 1)) {
        timeMs = Number(text.slice(text.charCodeAt(at + 5) === space ? at + 6 : at + 5, end)) || undefined
      } else if (first === 0x72 && text.startsWith('etry:', at + 1)) {
        const retryMs = wholeNumber(text.slice(text.charCodeAt(at + 6) === space ? at + 7 : at + 6, end))
        if (retryMs !== undefined) listener.onRetry?.(Math.min(retryMs, retryAtMost))
      } else if (!isBlockEnd && end - at < 6) {
        // A name without a colon is a field with nothing in it.
        const name = text.slice(at, end)
        if (name === 'data') data = lines++ === 0 ? '' : `${data}\n`
        else if (name === 'id') id = ''
        else if (name === 'event') type = ''
      }
      if (isBlockEnd) {
        if (id !== undefined) this.#lastEventId = id
        if (lines > 0) {
          listener.onMessage({
            type: type || 'message',
            data,
            id,
            lastEventId: this.#lastEventId,
            topic,
            timeMs,
          })
        } else if (id !== undefined) listener.onId?.(id)
        data = type = ''
        id = topic = timeMs = undefined
        size = lines = 0
      }
      at = end + 1
      if (end === cr) {
        if (at === text.length) this.#isAfterCr = true
        else if (at === lf) at++
        cr = text.indexOf('\r', at)
      }
      if (lf !== -1 && lf < at) lf = text.indexOf('\n', at)
    }
    this.#size = size
    this.#lines = lines
    this.#data = data
    this.#type = type
    this.#id = id
    this.#topic = topic
    this.#timeMs = timeMs
    return at
  }
}

function wholeNumber(value: string): number | undefined {
  return /^\d+$/.test(value) ? Number(value) : undefined
}
