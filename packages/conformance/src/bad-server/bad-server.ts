import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type Behaviour, Exchange } from './exchange.ts'
import type { ReceivedRequest } from './received-request.ts'
import { findRoute } from './routes.ts'
import { routesPage } from './routes-page.ts'
import { noContent } from './statuses.ts'

/** What a server of bad behaviours may be told. */
export interface BadServerOptions {
  /** Whether pages of all origins may read the answers, cookies included, and preflights are answered. */
  readonly cors?: boolean | undefined
  /** A free one, if absent. */
  readonly port?: number | undefined
  /** The page at `/`, for a browser to stand on; a list of the routes, if absent. */
  readonly page?: string | undefined
}

/** How long a test waits for a request, in milliseconds: far more than a busy machine needs. */
const patienceMs = 60_000

/**
 * A server that behaves as badly as it is told to, on a port of its own of the loopback interface. It has a route for
 * each bad behaviour (`routes`), for any client to be tried with, and takes scripts of them:
 *
 *     await using server = await BadServer.start()
 *     const url = server.script(halfEvent('data: 1\n\n', 7), storm(3, 503), stream('data: 1\n\n'))
 *     …
 *     expect(server.requestsTo(url)).toHaveLength(5)
 */
export class BadServer implements AsyncDisposable {
  /** Every request to every path, in order, preflights included. */
  readonly requests: ReceivedRequest[] = []
  readonly #server: Server
  readonly #options: BadServerOptions
  readonly #scripts = new Map<string, Behaviour[]>()

  static async start(options: BadServerOptions = {}): Promise<BadServer> {
    const server = new BadServer(options)
    server.#server.listen(options.port ?? 0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  private constructor(options: BadServerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => void this.#answer(request, response))
    // A request that is reset in the midst of its head is no error of the test.
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  /** Address without a path, e.g. `http://127.0.0.1:40123`. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /**
   * Gives behaviours a new path: the first request is answered by the first, and so on; the last one repeats.
   * @returns the path's URL.
   */
  script(...behaviours: readonly (Behaviour | readonly Behaviour[])[]): string {
    const path = `/${this.#scripts.size + 1}`
    this.#scripts.set(path, behaviours.flat())
    return this.origin + path
  }

  /** The requests that a path got so far, without preflights. */
  requestsTo(url: string): ReceivedRequest[] {
    const { pathname } = new URL(url)
    return this.requests.filter(({ target, method }) => pathOf(target) === pathname && method !== 'OPTIONS')
  }

  /**
   * Waits until a path has got this many requests, and returns them.
   * @throws Error after 20 seconds.
   */
  async received(count: number, url: string): Promise<ReceivedRequest[]> {
    const deadline = performance.now() + patienceMs
    for (;;) {
      const requests = this.requestsTo(url)
      if (requests.length >= count) return requests
      if (performance.now() > deadline) {
        throw new Error(`Waited for ${count} requests to ${url}; there were ${requests.length}.`)
      }
      await pause(5)
    }
  }

  /** Closes the server and every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const exchange = await Exchange.receive(request, response)
      const count = this.#countBefore(exchange.request)
      this.requests.push(exchange.request)
      if (this.#options.cors) allowEverything(request, response)
      const behaviour = request.method === 'OPTIONS' ? noContent() : this.#behaviour(exchange.request, count)
      await behaviour(exchange)
    } catch (error) {
      // The client may leave at any byte; whatever else fails here is the behaviour's own fault.
      if (!response.destroyed) response.destroy(error as Error)
    }
  }

  /** How many requests there were to the same script, or to the same route with the same query. */
  #countBefore({ target }: ReceivedRequest): number {
    if (this.#scripts.has(pathOf(target))) return this.requestsTo(this.origin + target).length
    return this.requests.filter((request) => request.target === target && request.method !== 'OPTIONS').length
  }

  #behaviour({ target }: ReceivedRequest, index: number): Behaviour {
    const path = pathOf(target)
    if (path === '/') return htmlPage(this.#options.page ?? routesPage())
    const script = this.#scripts.get(path) ?? findRoute(path, this.origin)
    return script?.[Math.min(index, script.length - 1)] ?? nothingHere
  }
}

function pathOf(target: string): string {
  return target.replace(/\?.*/s, '')
}

function htmlPage(page: string): Behaviour {
  return (exchange) => {
    exchange.head(200, { 'Content-Type': 'text/html; charset=utf-8' })
    exchange.end(page)
  }
}

function nothingHere(exchange: Exchange): void {
  exchange.head(404, { 'Content-Type': 'text/plain' })
  exchange.end('nothing here')
}

/** Names origin and headers one by one: with credentials, `*` would mean a header of that name. */
function allowEverything(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*')
  response.setHeader('Access-Control-Allow-Credentials', 'true')
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT, DELETE')
  response.setHeader('Access-Control-Expose-Headers', 'Retry-After')
  response.setHeader('Vary', 'Origin')
  const headers = request.headers['access-control-request-headers']
  if (headers !== undefined) response.setHeader('Access-Control-Allow-Headers', headers)
}
