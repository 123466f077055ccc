import { connect, type Socket } from 'node:net'
import { readStamps } from '../payload.ts'

/** A connection to Redis that does nothing but send and count: what a hop costs at the very least. */
class BareConnection {
  readonly #socket: Socket

  static open(port: number, onData: (bytes: Buffer) => void): Promise<BareConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
        socket.off('error', reject)
        socket.on('error', () => {})
        resolve(new BareConnection(socket))
      })
      socket.once('error', reject)
      socket.on('data', onData)
    })
  }

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  send(...args: readonly string[]): void {
    const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`)
    this.#socket.write(`*${args.length}\r\n${parts.join('')}`)
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** A road for payloads, from one connection to another, through Redis. */
export interface BareHop extends Disposable {
  send(payload: string): void
}

/** PUBLISH on one connection, SUBSCRIBE on another: nothing is kept. */
export async function openPubSub(port: number, onStamp: (stamp: number) => void): Promise<BareHop> {
  const subscribed = Promise.withResolvers<void>()
  const [writer, reader] = await Promise.all([
    BareConnection.open(port, () => {}),
    BareConnection.open(port, (bytes) => {
      if (bytes.includes('subscribe')) subscribed.resolve()
      readStamps(bytes, onStamp)
    }),
  ])
  reader.send('SUBSCRIBE', 'bare')
  await subscribed.promise
  return hop(writer, reader, (payload) => writer.send('PUBLISH', 'bare', payload))
}

/** XADD on one connection, XREAD BLOCK on another: kept, and as durable as Redis is set to. */
export async function openStream(port: number, onStamp: (stamp: number) => void): Promise<BareHop> {
  const read = (id: string) => reader.send('XREAD', 'BLOCK', '0', 'STREAMS', 'bare', id)
  let rest: Buffer = Buffer.alloc(0)
  const onData = (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes])
    // The payload is the last of an answer.
    if (!rest.toString('latin1').endsWith('}\r\n')) return
    readStamps(rest, onStamp)
    read([...rest.toString('latin1').matchAll(/\r\n(\d+-\d+)\r\n/g)].at(-1)![1]!)
    rest = Buffer.alloc(0)
  }
  const [writer, reader] = await Promise.all([
    BareConnection.open(port, () => {}),
    BareConnection.open(port, onData),
  ])
  read('$')
  return hop(writer, reader, (payload) =>
    writer.send('XADD', 'bare', 'MAXLEN', '~', '1000', '*', 'e', payload),
  )
}

function hop(writer: BareConnection, reader: BareConnection, send: (payload: string) => void): BareHop {
  const close = () => {
    writer.close()
    reader.close()
  }
  return { send, [Symbol.dispose]: close }
}
