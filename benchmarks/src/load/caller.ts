import type { Socket } from 'node:net'
import { type Reply, readReply } from './reply.ts'
import { cut, openSocket } from './wire.ts'

interface Waiting {
  resolve(reply: Reply): void
  reject(error: Error): void
}

/** One keep-alive connection for one request at a time, on a raw socket: cheap enough to outrun any server. */
export class Caller {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #waiting: Waiting | undefined

  static open(port: number, isSecure = false): Promise<Caller> {
    return new Promise((resolve, reject) => {
      const socket = openSocket({ port, isSecure }, () => {
        socket.off('error', reject)
        resolve(new Caller(socket))
      })
      socket.once('error', reject)
    })
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  get isOpen(): boolean {
    return this.#socket.writable
  }

  /** Sends a request and resolves with its reply. */
  call(request: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new Error('the connection is closed'))
      this.#waiting = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    cut(this.#socket)
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const reply = readReply(this.#received)
    if (reply === undefined) return
    this.#received = this.#received.subarray(reply.size)
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(reply)
  }

  #fail(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(error)
  }
}

/** Sends one request over a connection of its own. */
export async function callOnce(port: number, request: Buffer, isSecure = false): Promise<Reply> {
  const caller = await Caller.open(port, isSecure)
  try {
    return await caller.call(request)
  } finally {
    caller.close()
  }
}
