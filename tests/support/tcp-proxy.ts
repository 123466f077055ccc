import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Channel, type ChannelSettings } from './channel.ts'

/** How bytes pass: `up` from the client to the server, `down` from the server to the client. */
export interface ProxySettings {
  readonly up?: ChannelSettings
  readonly down?: ChannelSettings
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  readonly up: Channel
  readonly down: Channel
}

/** A bad network between a client and a server, on the loopback interface. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #links = new Set<Link>()
  #settings: ProxySettings

  /** Listens on a port of its own and passes everything on to `target`. */
  static async start(target: number, settings: ProxySettings = {}): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, settings)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  private constructor(target: number, settings: ProxySettings) {
    this.#settings = settings
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#link(client, target))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Connections that pass through now. */
  get size(): number {
    return this.#links.size
  }

  /** Bytes that went into a black hole, on connections that are open. */
  get swallowed(): number {
    return [...this.#links].reduce((sum, { up, down }) => sum + up.swallowed + down.swallowed, 0)
  }

  /** Changes how bytes pass, for open connections too. */
  set(settings: ProxySettings): void {
    this.#settings = settings
    for (const { up, down } of this.#links) {
      up.set(settings.up ?? {})
      down.set(settings.down ?? {})
    }
  }

  /** Ends every open connection: in order (`FIN`), or abruptly (`RST`). */
  cut(how: 'FIN' | 'RST'): void {
    for (const { client, server } of this.#links) {
      for (const socket of [client, server]) how === 'FIN' ? socket.end() : socket.resetAndDestroy()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, server } of this.#links) {
      client.destroy()
      server.destroy()
    }
    this.#server.close()
    await once(this.#server, 'close')
  }

  #link(client: Socket, target: number): void {
    const server = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    const link: Link = {
      client,
      server,
      up: new Channel(client, server, this.#settings.up ?? {}),
      down: new Channel(server, client, this.#settings.down ?? {}),
    }
    this.#links.add(link)
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.setNoDelay(true)
      socket.on('error', () => other.resetAndDestroy())
      socket.on('close', () => {
        if (!other.writableEnded) other.end()
        this.#links.delete(link)
      })
    }
  }
}
