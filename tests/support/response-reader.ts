/** The head of an HTTP response. */
export interface ResponseHead {
  readonly status: number
  /** Names in lower case; several of one name joined by commas. */
  readonly headers: ReadonlyMap<string, string>
  /** As it came, for tests that look for split responses. */
  readonly raw: string
}

/** Where the pieces of a response go. */
export interface ResponseSink {
  onHead(head: ResponseHead): void
  onBody(bytes: Uint8Array): void
  /** The body is complete, as its chunks or its length say. */
  onEnd(): void
}

/** Reads one HTTP/1 response from raw bytes: chunked, with a length, or to the end of the connection. */
export class ResponseReader {
  readonly #sink: ResponseSink
  #bytes: Buffer = Buffer.alloc(0)
  #state: 'head' | 'size' | 'chunk' | 'plain' | 'done' = 'head'
  #remaining = Number.POSITIVE_INFINITY

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  push(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    while (this.#step());
  }

  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#head()
      case 'size':
        return this.#size()
      case 'chunk':
      case 'plain':
        return this.#body()
      case 'done':
        return false
    }
  }

  #head(): boolean {
    const raw = this.#take('\r\n\r\n')
    if (raw === undefined) return false
    const [start = '', ...lines] = raw.split('\r\n')
    const headers = new Map<string, string>()
    for (const line of lines) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).trim()
      headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
    }
    this.#sink.onHead({ status: Number(start.split(' ')[1]), headers, raw })
    const length = headers.get('content-length')
    if (headers.get('transfer-encoding') === 'chunked') this.#state = 'size'
    else {
      this.#state = 'plain'
      this.#remaining = length === undefined ? Number.POSITIVE_INFINITY : Number(length)
      if (this.#remaining === 0) this.#end()
    }
    return true
  }

  #size(): boolean {
    const line = this.#take('\r\n')
    if (line === undefined) return false
    // The line end of the chunk before.
    if (line === '') return true
    if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`A chunk has the size ${JSON.stringify(line)}`)
    this.#remaining = Number.parseInt(line, 16)
    if (this.#remaining === 0) this.#end()
    else this.#state = 'chunk'
    return true
  }

  #body(): boolean {
    if (this.#bytes.length === 0) return false
    const part = this.#bytes.subarray(0, this.#remaining)
    this.#bytes = this.#bytes.subarray(part.length)
    this.#remaining -= part.length
    this.#sink.onBody(part)
    if (this.#remaining > 0) return true
    if (this.#state === 'chunk') this.#state = 'size'
    else this.#end()
    return true
  }

  #end(): void {
    this.#state = 'done'
    this.#sink.onEnd()
  }

  #take(end: string): string | undefined {
    const at = this.#bytes.indexOf(end)
    if (at === -1) return undefined
    const text = this.#bytes.subarray(0, at).toString('latin1')
    this.#bytes = this.#bytes.subarray(at + end.length)
    return text
  }
}
