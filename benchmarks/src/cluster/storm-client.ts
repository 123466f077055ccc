import type { Socket } from 'node:net'
import { streamRequest } from '../load/request.ts'
import { openSocket } from '../load/wire.ts'
import { lastIdIn, readStamps } from '../payload.ts'

/** Numbers travel in the place of stamps, which have sixteen digits. */
export const firstNumber = 1_000_000_000_000_000

/** What a client of a storm tells. */
export interface StormSink {
  /** It is answered for the `times`-th time. */
  onOpen(client: StormClient, times: number): void
  /** It has every event up to `client.number`. */
  onNumber(client: StormClient): void
  onCut(client: StormClient): void
  /** It could not connect, or was answered anything but 200. */
  onRefused(client: StormClient, reason: string): void
}

const nothing = Buffer.alloc(0)

/** All sockets read into one buffer: a chunk is looked through before the next one is read. */
const readBuffer = Buffer.allocUnsafe(256 * 1024)

/** A client that resumes with its last id, wherever it is told to, and counts the numbers of its events. */
export class StormClient {
  /** The newest number that it has. */
  number = 0
  /** Numbers that were passed over, and that came again. */
  lost = 0
  repeated = 0
  /** How long the server has asked it to wait before it comes back, in milliseconds. */
  retryMs = 0
  /** Whatever the storm wants to know of it. */
  wanted = 0
  readonly #path: string
  readonly #localAddress: string
  readonly #sink: StormSink
  #socket: Socket | undefined
  #rest: Buffer = nothing
  #lastId: string | undefined
  #times = 0
  #isOpen = false
  #hasRetry = false
  #isOver = false

  constructor(path: string, localAddress: string, sink: StormSink) {
    this.#path = path
    this.#localAddress = localAddress
    this.#sink = sink
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  connect(port: number): void {
    this.#rest = nothing
    this.#isOpen = false
    this.#hasRetry = false
    const callback = (length: number) => this.#read(socket, readBuffer.subarray(0, length))
    const options = {
      port,
      localAddress: this.#localAddress,
      isSecure: false,
      onread: { buffer: readBuffer, callback },
    }
    const socket: Socket = openSocket(options, () => socket.write(streamRequest(this.#path, this.#lastId)))
    this.#socket = socket
    socket.on('error', (error) => {
      if (!this.#isOpen && !this.#isOver) this.#sink.onRefused(this, error.message)
    })
    socket.on('close', () => this.#close(socket))
  }

  close(): void {
    this.#isOver = true
    this.#socket?.resetAndDestroy()
  }

  #close(socket: Socket): void {
    if (this.#isOver || socket !== this.#socket) return
    if (this.#isOpen) this.#sink.onCut(this)
    this.#isOpen = false
  }

  #read(socket: Socket, chunk: Buffer): boolean {
    if (!this.#isOpen) {
      const head = chunk.toString('latin1', 0, 64)
      if (!head.startsWith('HTTP/1.1 200')) {
        this.#sink.onRefused(this, head.split('\r\n')[0]!)
        socket.destroy()
        return false
      }
      this.#isOpen = true
      this.#times++
      this.#sink.onOpen(this, this.#times)
    }
    this.#count(chunk)
    return true
  }

  /** Takes whole blocks alone: an id whose block was cut is not this client's. */
  #count(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const end = bytes.lastIndexOf('\n\n') + 2
    // A copy: the chunk is overwritten by the next read. It keeps the line end that every field has in front.
    this.#rest = Buffer.from(bytes.subarray(end - 1))
    if (end === 1) return
    const blocks = bytes.subarray(0, end)
    this.#lastId = lastIdIn(blocks) ?? this.#lastId
    // Every connection begins with one; looking for it in every block would be most of the work.
    if (!this.#hasRetry) {
      this.retryMs = Number(/\nretry: (\d+)/.exec(blocks.toString('latin1'))?.[1] ?? this.retryMs)
      this.#hasRetry = true
    }
    readStamps(blocks, (stamp) => this.#see(stamp - firstNumber))
  }

  #see(number: number): void {
    if (number <= this.number) this.repeated++
    else {
      if (this.number > 0) this.lost += number - this.number - 1
      this.number = number
    }
    this.#sink.onNumber(this)
  }
}
