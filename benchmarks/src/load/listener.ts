import type { Socket } from 'node:net'
import { type CountOptions, EventCount } from './event-count.ts'
import { streamRequest } from './request.ts'
import { cut, openSocket } from './wire.ts'

/** What a listener tells the crowd it stands in. */
export interface ListenerSink {
  onOpen(listener: Listener): void
  onEvents(listener: Listener, count: number): void
  onLatency(micros: number): void
  /** The stream could not be opened, or ended before the listener closed it. */
  onEnd(listener: Listener, reason: string): void
}

/** One open stream. */
export interface Listener {
  received: number
  readonly lastId: string | undefined
  close(): void
}

export interface ListenerOptions extends CountOptions {
  readonly port: number
  readonly path: string
  readonly lastEventId?: string | undefined
  readonly authorization?: string | undefined
  /** A source address of its own kind keeps the machine from running out of ports. */
  readonly localAddress: string
  /** Over TLS. */
  readonly isSecure: boolean
}

/** All sockets read into one buffer: a chunk is counted before the next one is read. */
const readBuffer = Buffer.allocUnsafe(256 * 1024)

const ok = Buffer.from('HTTP/1.1 200')

/** One open stream on a socket of its own. It counts events and parses nothing, unless it is a sampled one. */
export class SocketListener implements Listener {
  received = 0
  readonly #sink: ListenerSink
  readonly #socket: Socket
  readonly #count: EventCount
  #isOpen = false
  #isOver = false

  constructor(options: ListenerOptions, sink: ListenerSink) {
    this.#sink = sink
    this.#count = new EventCount(options, (micros) => sink.onLatency(micros))
    const { port, path, localAddress, isSecure } = options
    const onread = {
      buffer: readBuffer,
      callback: (length: number) => this.#read(readBuffer.subarray(0, length)),
    }
    this.#socket = openSocket({ port, localAddress, isSecure, onread }, () =>
      this.#socket.write(streamRequest(path, options.lastEventId, options.authorization)),
    )
    this.#socket.on('error', (error) => this.#end(error.message))
    this.#socket.on('close', () => this.#end('the server ended the stream'))
  }

  get lastId(): string | undefined {
    return this.#count.lastId
  }

  close(): void {
    this.#isOver = true
    cut(this.#socket)
  }

  #read(chunk: Buffer): boolean {
    if (!this.#isOpen && !this.#open(chunk)) return false
    const count = this.#count.take(chunk)
    if (count > 0) {
      this.received += count
      this.#sink.onEvents(this, count)
    }
    return true
  }

  #open(chunk: Buffer): boolean {
    if (chunk.compare(ok, 0, ok.length, 0, ok.length) !== 0) {
      this.#end(`answered ${chunk.toString('latin1', 0, 80).split('\r\n')[0]}`)
      cut(this.#socket)
      return false
    }
    this.#isOpen = true
    this.#sink.onOpen(this)
    return true
  }

  #end(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sink.onEnd(this, reason)
  }
}
