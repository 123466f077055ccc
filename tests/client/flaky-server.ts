import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A request as it arrived. */
export interface Arrival {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What a server does in place of answering well. */
export type Fault = (response: ServerResponse, passOn: () => Promise<Response>) => unknown

/** Answers with a status, and a problem document if there is a code. */
export function answers(status: number, code?: string, headers: Record<string, string> = {}): Fault {
  return (response) => {
    const problem = { code, title: `Title of ${code}`, status, detail: `Detail of ${code}.`, field: 'topic' }
    const isProblem = code !== undefined
    const type = isProblem ? 'application/problem+json; charset=utf-8' : 'text/html'
    response.writeHead(status, { 'content-type': type, ...headers })
    response.end(isProblem ? JSON.stringify(problem) : '<h1>Bad Gateway</h1>')
  }
}

/** Hangs up before the server behind has heard of the request. */
export const hangsUp: Fault = (response) => response.socket?.resetAndDestroy()

/** Lets the server behind do what it was asked to, and hangs up in the middle of the answer. */
export const losesTheAnswer: Fault = async (response, passOn) => {
  const body = await (await passOn()).text()
  response.writeHead(201, { 'content-length': body.length, 'content-type': 'application/json' })
  response.write(body.slice(0, 5), () => response.socket?.resetAndDestroy())
}

/** Never answers. */
export const isSilent: Fault = () => {}

/** A gateway before a real server, with a fault for each of the next requests; then it passes on as it should. */
export class FlakyServer implements AsyncDisposable {
  readonly arrivals: Arrival[] = []
  readonly #server: Server
  readonly #target: string
  readonly #faults: Fault[]

  static async start(target: string, faults: readonly Fault[] = []): Promise<FlakyServer> {
    const server = new FlakyServer(target, faults)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  private constructor(target: string, faults: readonly Fault[]) {
    this.#target = target
    this.#faults = [...faults]
    this.#server = createServer((request, response) => {
      // The server behind may be gone: then this one has no answer either.
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The keys of the requests that arrived. */
  get keys(): (string | undefined)[] {
    return this.arrivals.map(({ headers }) => headers['idempotency-key'] as string | undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request
    const body = await text(request).catch(() => '')
    this.arrivals.push({ method, path, headers, body })
    const passOn = () => this.#passOn({ method, path, headers, body })
    const fault = this.#faults.shift()
    if (fault) return void (await fault(response, passOn))
    const answer = await passOn()
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    response.end(await answer.text())
  }

  #passOn({ method, path, headers, body }: Arrival): Promise<Response> {
    const names = ['authorization', 'content-type', 'idempotency-key']
    const kept = names.flatMap((name): [string, string][] => {
      const value = headers[name]
      return typeof value === 'string' ? [[name, value]] : []
    })
    return fetch(this.#target + path, { method, headers: kept, body: body === '' ? null : body })
  }
}
