/** One block of a stream, as it came: also those that dispatch nothing. */
export interface ReadBlock {
  readonly type: string
  readonly id?: string
  readonly topic?: string
  readonly timeMs?: number
  /** The lines joined with LF; `undefined` if there was none. */
  readonly data?: string
  readonly retry?: number
}

/**
 * Reads the Server-Sent Events format from bytes in pieces of any size. Unlike a browser it also reports blocks
 * without data, because tests look at heartbeats too. Shares no code with what it tests.
 */
export class BlockReader {
  readonly #onBlock: (block: ReadBlock) => void
  readonly #onComment: (text: string) => void
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #rest = ''
  #fields: { type?: string; id?: string; topic?: string; timeMs?: number; retry?: number } = {}
  #data: string[] = []
  #isAfterCr = false

  constructor(onBlock: (block: ReadBlock) => void, onComment: (text: string) => void = () => {}) {
    this.#onBlock = onBlock
    this.#onComment = onComment
  }

  push(bytes: Uint8Array): void {
    let text = this.#decoder.decode(bytes, { stream: true })
    if (this.#isAfterCr && text.startsWith('\n')) text = text.slice(1)
    if (text !== '') this.#isAfterCr = text.endsWith('\r')
    const lines = (this.#rest + text).split(/\r\n|\n|\r/)
    this.#rest = lines.pop()!
    for (const line of lines) this.#line(line)
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch()
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) {
      this.#onComment(line.slice(1))
      return
    }
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') this.#fields.type = value
    else if (name === 'id') this.#fields.id = value
    else if (name === 'topic') this.#fields.topic = value
    else if (name === 'time') this.#fields.timeMs = Number(value)
    else if (name === 'data') this.#data.push(value)
    else if (name === 'retry') this.#fields.retry = Number(value)
    else throw new Error(`A stream holds a field that does not exist: ${JSON.stringify(line)}`)
  }

  #dispatch(): void {
    const { type = 'message', id, retry, ...origin } = this.#fields
    const data = this.#data.length === 0 ? undefined : this.#data.join('\n')
    this.#fields = {}
    this.#data = []
    if (id === undefined && data === undefined && retry === undefined) return
    this.#onBlock({
      type,
      ...(id !== undefined && { id }),
      ...origin,
      ...(data !== undefined && { data }),
      ...(retry !== undefined && { retry }),
    })
  }
}
