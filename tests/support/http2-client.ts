import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { until } from './until.ts'

/** Types of frames (RFC 9113 §6). */
export const frameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

/** Flags of frames. */
export const frameFlag = { ack: 1, endStream: 1, endHeaders: 4 } as const

/** Settings of a peer. */
export const settingId = { headerTableSize: 1, maxConcurrentStreams: 3, initialWindowSize: 4 } as const

/** A frame as it came. */
export interface ReceivedFrame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** How to begin a session. */
export interface Http2ClientOptions {
  readonly port: number
  /** Without TLS, for servers that know that HTTP/2 comes. */
  readonly isPlain?: boolean
  /** As pairs of id and value. */
  readonly settings?: readonly (readonly [number, number])[]
  /** Do not say that the server's settings were understood. */
  readonly acknowledgesNothing?: boolean
}

/** One HTTP/2 session of which the test decides every frame, which well-behaved clients would refuse to send. */
export class Http2Client implements Disposable {
  readonly #socket: Socket
  readonly #acknowledgesNothing: boolean
  /** All frames that came, except DATA, of which there may be too many. */
  readonly frames: ReceivedFrame[] = []
  /** What came as DATA, for each stream. */
  readonly data = new Map<number, Buffer[]>()
  isClosed = false
  #rest: Buffer = Buffer.alloc(0)

  /** Connects, and sends preface and settings. */
  static async open(options: Http2ClientOptions): Promise<Http2Client> {
    const target = { port: options.port, host: '127.0.0.1' }
    const socket = options.isPlain
      ? connectPlain(target)
      : connect({ ...target, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    await once(socket, options.isPlain ? 'connect' : 'secureConnect')
    const client = new Http2Client(socket, options)
    client.send(Buffer.from(preface), settingsFrame(options.settings ?? []))
    return client
  }

  private constructor(socket: Socket, options: Http2ClientOptions) {
    this.#socket = socket
    this.#acknowledgesNothing = options.acknowledgesNothing ?? false
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  /** Sends frames, and whether there is room for more. */
  send(...frames: readonly Buffer[]): boolean {
    return this.#socket.write(Buffer.concat(frames))
  }

  /** Sends until the server ends the session, or the time is up; each turn makes new frames. */
  async flood(frames: (turn: number) => readonly Buffer[], forMs = 60_000): Promise<void> {
    const deadline = performance.now() + forMs
    for (let turn = 0; !this.isOver && performance.now() < deadline; turn++) {
      const hasRoom = this.send(...frames(turn))
      if (hasRoom) await new Promise(setImmediate)
      else await until('room', () => this.isOver || !this.#socket.writableNeedDrain, { everyMs: 1 })
    }
  }

  /** Whether the server has ended the session. */
  get isOver(): boolean {
    return this.isClosed || this.#socket.readableEnded || this.goawayCode !== undefined
  }

  /** Why the server ended the session, if it said so. */
  get goawayCode(): number | undefined {
    return this.of(frameType.goaway).at(-1)?.payload.readUInt32BE(4)
  }

  /** The frames of a type. */
  of(type: number): ReceivedFrame[] {
    return this.frames.filter((frame) => frame.type === type)
  }

  /** How the server reset a stream, if it did. */
  resetCode(streamId: number): number | undefined {
    const reset = this.of(frameType.rstStream).find((frame) => frame.streamId === streamId)
    return reset?.payload.readUInt32BE(0)
  }

  /** What came on a stream. */
  text(streamId: number): string {
    return Buffer.concat(this.data.get(streamId) ?? []).toString()
  }

  pause(): void {
    this.#socket.pause()
  }

  close(): void {
    this.#socket.destroy()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #read(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < 9 + length) return
      const frame: ReceivedFrame = {
        type: this.#rest[3]!,
        flags: this.#rest[4]!,
        streamId: this.#rest.readUInt32BE(5) & 0x7f_ff_ff_ff,
        payload: this.#rest.subarray(9, 9 + length),
      }
      this.#rest = this.#rest.subarray(9 + length)
      this.#take(frame)
    }
  }

  #take(frame: ReceivedFrame): void {
    const { type, flags, streamId, payload } = frame
    if (type === frameType.data) {
      this.data.set(streamId, [...(this.data.get(streamId) ?? []), payload])
      return
    }
    this.frames.push(frame)
    const asks = (type === frameType.settings || type === frameType.ping) && (flags & frameFlag.ack) === 0
    if (!asks || this.#acknowledgesNothing) return
    this.send(makeFrame(type, frameFlag.ack, 0, type === frameType.ping ? payload : Buffer.alloc(0)))
  }
}

/** Any frame, well-formed or not. */
export function makeFrame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

export function settingsFrame(settings: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6)
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6)
    payload.writeUInt32BE(value, index * 6 + 2)
  }
  return makeFrame(frameType.settings, 0, 0, payload)
}

export function pingFrame(): Buffer {
  return makeFrame(frameType.ping, 0, 0, Buffer.alloc(8))
}

export function resetFrame(streamId: number, code: number): Buffer {
  return makeFrame(frameType.rstStream, 0, streamId, uint32(code))
}

export function windowUpdateFrame(streamId: number, bytes: number): Buffer {
  return makeFrame(frameType.windowUpdate, 0, streamId, uint32(bytes))
}

export function dataFrame(streamId: number, body: string, isLast = false): Buffer {
  return makeFrame(frameType.data, isLast ? frameFlag.endStream : 0, streamId, Buffer.from(body))
}

/** A whole request without a body, or the beginning of one with. */
export function requestFrame(
  streamId: number,
  path: string,
  more: Readonly<Record<string, string>> = {},
): Buffer {
  const { method = 'GET', ...headers } = more
  const flags = frameFlag.endHeaders | (method === 'GET' ? frameFlag.endStream : 0)
  return makeFrame(frameType.headers, flags, streamId, headerBlock(pseudoHeaders(method, path), headers))
}

/** The four fields with which each request begins. */
export function pseudoHeaders(method: string, path: string): Record<string, string> {
  return { ':method': method, ':scheme': 'https', ':authority': 'localhost', ':path': path }
}

/** Header fields as HPACK literals: nothing is compressed, and nothing is remembered. */
export function headerBlock(...fields: readonly Readonly<Record<string, string>>[]): Buffer {
  const all = fields.flatMap((some) => Object.entries(some))
  return Buffer.concat(
    all.map(([name, value]) => Buffer.concat([Buffer.of(0), literal(name), literal(value)])),
  )
}

/** A string of HPACK (RFC 7541 §5.2), not Huffman-coded. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes])
  const size: number[] = [127]
  let left = bytes.length - 127
  for (; left >= 128; left >>= 7) size.push((left & 127) | 128)
  return Buffer.concat([Buffer.from([...size, left]), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
