import { connect, type Socket } from 'node:net'
import { countEvents, lastIdIn, nowMicros, readStamps } from '../payload.ts'
import { streamRequest } from './request.ts'

/** What a listener tells the crowd it stands in. */
export interface ListenerSink {
  onOpen(listener: Listener): void
  onEvents(listener: Listener, count: number): void
  onLatency(micros: number): void
  /** The stream could not be opened, or ended before the listener closed it. */
  onEnd(listener: Listener, reason: string): void
}

export interface ListenerOptions {
  readonly port: number
  readonly path: string
  readonly lastEventId?: string | undefined
  /** A source address of its own kind keeps the machine from running out of ports. */
  readonly localAddress: string
  /** Whether the stamps are read: on a sample of the streams, for counting is all that the rest can afford. */
  readonly isSampled: boolean
  /** Whether the last id is remembered. */
  readonly tracksId: boolean
}

/** All sockets read into one buffer: a chunk is counted before the next one is read. */
const readBuffer = Buffer.allocUnsafe(256 * 1024)

const ok = Buffer.from('HTTP/1.1 200')
const nothing = Buffer.alloc(0)

/** One open stream on a raw socket. It counts events and parses nothing, unless it is a sampled one. */
export class Listener {
  received = 0
  lastId: string | undefined
  readonly #sink: ListenerSink
  readonly #socket: Socket
  readonly #isSampled: boolean
  readonly #tracksId: boolean
  #cutOff: Buffer = nothing
  #isOpen = false
  #isOver = false

  constructor(options: ListenerOptions, sink: ListenerSink) {
    this.#sink = sink
    this.#isSampled = options.isSampled
    this.#tracksId = options.tracksId
    const { port, path, localAddress } = options
    const onread = {
      buffer: readBuffer,
      callback: (length: number) => this.#read(readBuffer.subarray(0, length)),
    }
    this.#socket = connect({ port, host: '127.0.0.1', localAddress, onread })
    this.#socket.on('connect', () => this.#socket.write(streamRequest(path, options.lastEventId)))
    this.#socket.on('error', (error) => this.#end(error.message))
    this.#socket.on('close', () => this.#end('the server ended the stream'))
  }

  /** Cuts the connection at once, so that its port is free for the next. */
  close(): void {
    this.#isOver = true
    this.#socket.resetAndDestroy()
  }

  #read(chunk: Buffer): boolean {
    if (!this.#isOpen && !this.#open(chunk)) return false
    const count = countEvents(chunk)
    if (this.#tracksId) this.lastId = lastIdIn(chunk) ?? this.lastId
    if (this.#isSampled) this.#sample(chunk)
    if (count > 0) {
      this.received += count
      this.#sink.onEvents(this, count)
    }
    return true
  }

  #open(chunk: Buffer): boolean {
    if (chunk.compare(ok, 0, ok.length, 0, ok.length) !== 0) {
      this.#end(`answered ${chunk.toString('latin1', 0, 80).split('\r\n')[0]}`)
      this.#socket.resetAndDestroy()
      return false
    }
    this.#isOpen = true
    this.#sink.onOpen(this)
    return true
  }

  #sample(chunk: Buffer): void {
    const bytes = this.#cutOff.length === 0 ? chunk : Buffer.concat([this.#cutOff, chunk])
    const now = nowMicros()
    const rest = readStamps(bytes, (due) => this.#sink.onLatency(now - due))
    // A copy: the chunk is overwritten by the next read.
    this.#cutOff = rest === bytes.length ? nothing : Buffer.from(bytes.subarray(rest))
  }

  #end(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sink.onEnd(this, reason)
  }
}
