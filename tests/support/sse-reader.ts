import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { createGunzip, type Gunzip } from 'node:zlib'
import { parseCursor } from '@tidings/protocol'
import type { Step, StreamHistory } from '../history/history.ts'
import { BlockReader, type ReadBlock } from './block-reader.ts'
import { type ResponseHead, ResponseReader } from './response-reader.ts'
import { until } from './until.ts'

/** What to read, and how. */
export interface ReaderOptions {
  /** Of the server; or of several nodes, to each of which a connection goes in turn. */
  readonly port: number | readonly number[]
  readonly topics: readonly string[]
  readonly types?: readonly string[]
  /** Sent with the first request; later ones send the last id that came. */
  readonly lastEventId?: string
  readonly name?: string
  /** Come back when the connection ends, as EventSource does; after a few milliseconds, or as `retry:` says. */
  readonly reconnect?: 'at-once' | 'as-told' | 'never'
  /** Gives a connection up on which nothing at all has come for so long, as clients do. */
  readonly watchdogMs?: number
  readonly httpVersion?: '1.0' | '1.1'
  /** Over TLS, whoever made the certificate. */
  readonly isSecure?: boolean
  /** Further query parameters and headers. */
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Keep only counts, not the blocks: for thousands of readers. */
  readonly isTerse?: boolean
}

/** Between an end and the next attempt, if the server's `retry:` is not to be obeyed. */
const atOnceMs = 20

/** One subscriber on a raw socket, which records everything that it sees. */
export class SseReader implements Disposable {
  readonly options: ReaderOptions
  readonly steps: Step[] = []
  /** When each connection ended, in milliseconds of `performance.now()`. */
  readonly ends: number[] = []
  /** Comments, as heartbeats are. */
  comments = 0
  /** Events that reached the handler. */
  received = 0
  /** Events whose number was not greater than the one before. */
  disorders = 0
  head: ResponseHead | undefined
  lastEventId: string | undefined
  /** The data of the last `goodbye`. */
  goodbye: string | undefined
  /** How often it connected. */
  connections = 0
  #retryMs = 2_000
  #socket: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #isPaused = false

  constructor(options: ReaderOptions) {
    this.options = options
    this.lastEventId = options.lastEventId
  }

  /** Connects and waits for the first block. */
  static async open(options: ReaderOptions): Promise<SseReader> {
    const reader = new SseReader(options)
    reader.connect()
    await reader.hasBlock('connected')
    return reader
  }

  connect(): void {
    this.steps.push({ kind: 'opened', lastEventId: this.lastEventId })
    this.head = undefined
    this.connections++
    const target = { port: this.port, host: '127.0.0.1', rejectUnauthorized: false }
    const socket = this.options.isSecure ? connectTls(target) : connect(target)
    this.#socket = socket
    const blocks = new BlockReader(
      (block) => this.#take(block),
      () => this.comments++,
    )
    let gunzip: Gunzip | undefined
    const response = new ResponseReader({
      onHead: (head) => {
        this.head = head
        // Some proxy in between compresses; every browser takes it.
        if (head.headers.get('content-encoding') !== 'gzip') return
        gunzip = createGunzip().on('data', (bytes: Buffer) => blocks.push(bytes))
        gunzip.on('error', () => {})
      },
      onBody: (bytes) => {
        if (this.head?.status !== 200) return
        if (gunzip === undefined) blocks.push(bytes)
        else gunzip.write(bytes)
      },
      onEnd: () => socket.destroy(),
    })
    const { watchdogMs = 0 } = this.options
    socket.setTimeout(watchdogMs, () => socket.destroy())
    socket.on('data', (bytes) => response.push(bytes))
    socket.on('error', () => {})
    socket.on('close', () => this.#onClose())
    socket.write(this.#request())
    if (this.#isPaused) socket.pause()
  }

  /** Where the present connection goes; before the first, where that will go. */
  get port(): number {
    const { port } = this.options
    return typeof port === 'number' ? port : port[Math.max(0, this.connections - 1) % port.length]!
  }

  /** Everything of this stream, for the checker. */
  history(isSettled: boolean): StreamHistory {
    const { topics, types, name } = this.options
    return { name: name ?? `reader of ${topics.join(', ')}`, topics, types, steps: this.steps, isSettled }
  }

  /** Blocks that have come, newest last. */
  get blocks(): Extract<Step, { kind: 'block' }>[] {
    return this.steps.filter((step) => step.kind === 'block')
  }

  /** The data of the events that have come. */
  get data(): string[] {
    return this.blocks.flatMap(({ type, data }) => (data === undefined || isControl(type) ? [] : [data]))
  }

  /** What a control event said, for all that came. */
  said(type: string): Record<string, unknown>[] {
    return this.blocks
      .filter((block) => block.type === type)
      .map(({ data }) => JSON.parse(data!) as Record<string, unknown>)
  }

  /** How long it waits before it comes back, as the server told it. */
  get reconnectDelayMs(): number {
    return this.#retryMs
  }

  get isOpen(): boolean {
    return this.#socket !== undefined && !this.#socket.destroyed && this.head?.status === 200
  }

  /** Waits for a block of a type on the present or a later connection. */
  async hasBlock(type: string): Promise<void> {
    const isThere = () => this.steps.some((step) => step.kind === 'block' && step.type === type)
    const isLost = () =>
      (this.options.reconnect ?? 'never') === 'never' && this.steps.at(-1)?.kind === 'closed'
    const answer = () => this.head?.raw ?? 'none'
    await until(
      () => `a block "${type}"; the answer was ${answer()}`,
      () => isThere() || isLost(),
    )
    if (!isThere())
      throw new Error(`The connection ended without a block "${type}"; the answer was ${answer()}`)
  }

  /** Waits for a number of events. */
  async hasReceived(count: number, timeoutMs = 60_000): Promise<void> {
    try {
      await until('events', () => this.received >= count, { timeoutMs })
    } catch {
      throw new Error(`Got ${this.received} of ${count} events in ${timeoutMs} ms.`)
    }
  }

  /** Stops reading: the server's buffers fill. */
  pause(): void {
    this.#isPaused = true
    this.#socket?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#socket?.resume()
  }

  /** Ends the connection abruptly; it comes back if it may. */
  drop(): void {
    this.#socket?.resetAndDestroy()
  }

  /** Ends for good. */
  close(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#socket?.destroy()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #request(): string {
    const { topics, types, query = {}, headers = {}, httpVersion = '1.1' } = this.options
    const params = new URLSearchParams(query)
    for (const topic of topics) params.append('topic', topic)
    if (types !== undefined) params.set('types', types.join(','))
    const lines = [`GET /events?${params} HTTP/${httpVersion}`, `Host: 127.0.0.1:${this.port}`]
    lines.push('Accept: text/event-stream')
    if (this.lastEventId !== undefined) lines.push(`Last-Event-ID: ${this.lastEventId}`)
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
    return `${lines.join('\r\n')}\r\n\r\n`
  }

  #take(block: ReadBlock): void {
    const { type, id, topic, data, retry } = block
    if (retry !== undefined) this.#retryMs = retry
    if (type === 'goodbye') this.goodbye = data
    const isEvent = data !== undefined && !isControl(type)
    if (isEvent) {
      this.received++
      if (seqOf(id) <= seqOf(this.lastEventId)) this.disorders++
    }
    if (id !== undefined) this.lastEventId = id
    if (this.options.isTerse && type !== 'gap' && type !== 'connected') return
    if (id === undefined && data === undefined) return
    this.steps.push({ kind: 'block', type, id, topic, data })
  }

  #onClose(): void {
    this.ends.push(performance.now())
    this.steps.push({ kind: 'closed' })
    if (this.#isOver || (this.options.reconnect ?? 'never') === 'never') return
    const wait = this.options.reconnect === 'as-told' ? this.#retryMs : atOnceMs
    this.#timer = setTimeout(() => this.connect(), wait)
  }
}

function isControl(type: string): boolean {
  return type === 'connected' || type === 'live' || type === 'gap' || type === 'goodbye'
}

function seqOf(id: string | undefined): number {
  return (id === undefined ? undefined : parseCursor(id)?.seq) ?? -1
}
