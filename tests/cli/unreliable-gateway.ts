import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What befalls a request on its way. */
export type Mishap =
  | 'none'
  | 'lost-request'
  | 'lost-answer'
  | 'bad-gateway'
  | 'too-many-requests'
  | 'storage-full'

/** A gateway in front of a server that lets each request meet with a mishap of its own. */
export class UnreliableGateway implements AsyncDisposable {
  readonly #target: string
  readonly #server: Server
  readonly #next: (request: number) => Mishap
  requests = 0

  static async start(target: string, next: (request: number) => Mishap): Promise<UnreliableGateway> {
    const gateway = new UnreliableGateway(target, next)
    gateway.#server.listen(0, '127.0.0.1')
    await once(gateway.#server, 'listening')
    return gateway
  }

  private constructor(target: string, next: (request: number) => Mishap) {
    this.#target = target
    this.#next = next
    this.#server = createServer((request, response) => {
      this.#pass(request, response).catch(() => response.destroy())
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const mishap = this.#next(this.requests++)
    const body = Buffer.concat(await request.toArray())
    if (mishap === 'lost-request') response.destroy()
    else if (mishap === 'bad-gateway') response.writeHead(502).end('<h1>Bad Gateway</h1>')
    else if (mishap === 'too-many-requests') response.writeHead(429, { 'retry-after': '0' }).end()
    else if (mishap === 'storage-full') response.writeHead(507).end('{"code":"storage_full"}')
    else await this.#forward(request, body, response, mishap === 'lost-answer')
  }

  async #forward(
    { method = 'GET', url = '/', headers }: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    isLost: boolean,
  ): Promise<void> {
    const passed = ['content-type', 'idempotency-key'].map((name) => [name, String(headers[name])])
    const answer = await fetch(this.#target + url, {
      method,
      headers: Object.fromEntries(passed),
      body: new Uint8Array(body),
    })
    const text = await answer.text()
    if (isLost) response.destroy()
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
  }
}
