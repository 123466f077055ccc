import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { type Authenticator, openAuthenticator } from '../auth/authenticator.ts'
import type { Policy } from '../auth/policy.ts'
import { createLogger } from '../observe/logger.ts'
import { createTidings, type Tidings, type TidingsOptions } from '../tidings.ts'
import { type App, createApp } from './app.ts'

/** A real app on a real port, for tests. */
export interface TestApp {
  readonly url: string
  readonly port: number
  readonly app: App
  readonly auth: Authenticator
  readonly tidings: Tidings
  /** Lines that were logged. */
  readonly logged: string[]
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  /** Sends a string as it is, and anything else as JSON. */
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  follow(path: string, headers?: Record<string, string>): Promise<TestStream>
  /** Sends bytes on a bare socket, and resolves with everything that came back once it is closed. */
  raw(bytes: string | Buffer): Promise<string>
  close(): Promise<void>
}

/** An answer, read to its end. */
interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it without checking its shape first
  readonly json: any
}

/** An open stream. */
interface TestStream {
  readonly status: number
  readonly headers: Headers
  /** Resolves with the next events, as soon as there are so many. */
  next(count: number): Promise<EventSourceMessage[]>
  close(): void
}

/** How long anything in a test may take before it is called broken, in milliseconds. */
const patienceMs = 60_000

/** Starts an app on a free port, with events in memory unless said otherwise. */
export async function startTestApp(options: TidingsOptions = {}, policy?: Policy): Promise<TestApp> {
  const data = join(tmpdir(), `tidings-test-${crypto.randomUUID()}`)
  const tidings = await createTidings({ store: 'memory:', data, ...options })
  const logged: string[] = []
  const { Writable } = await import('node:stream')
  const destination = new Writable({
    write(chunk, _encoding, done) {
      logged.push(String(chunk))
      done()
    },
  })
  const logger = await createLogger({ level: 'debug', format: 'json', destination })
  const auth = await openAuthenticator(tidings.settings, {
    onRefused: (reason) => logger.debug({ reason }, 'refused'),
  })
  auth.onRevoked((hasLost) => tidings.revoke(hasLost))
  const app = createApp({ tidings, logger, auth, policy })
  await app.server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.server.address() as { port: number }
  const url = `http://127.0.0.1:${port}`
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(patienceMs) })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    }
  }
  return {
    url,
    port,
    app,
    auth,
    tidings,
    logged,
    get: (path, headers = {}) => ask(path, { headers }),
    post: (path, body, headers = {}) => ask(path, { method: 'POST', ...encode(body, headers) }),
    follow: (path, headers = {}) => follow(url + path, headers),
    raw: (bytes) => sendRaw(port, bytes),
    async close() {
      await tidings.close({ drainMs: 0 })
      app.server.server.closeAllConnections()
      await app.server.close()
      await auth.close()
      await rm(data, { recursive: true, force: true })
    },
  }
}

function encode(body: unknown, headers: Record<string, string>): RequestInit {
  if (body === undefined) return { headers }
  if (typeof body === 'string' || body instanceof Uint8Array) return { headers, body: body as string }
  return { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}

async function follow(url: string, headers: Record<string, string>): Promise<TestStream> {
  const abort = new AbortController()
  const response = await fetch(url, { headers, signal: abort.signal })
  const events: EventSourceMessage[] = []
  let wake = () => {}
  const parser = createParser({
    onEvent(event) {
      events.push(event)
      wake()
    },
  })
  void readAll(response, (text) => parser.feed(text))
  return {
    status: response.status,
    headers: response.headers,
    async next(count) {
      const deadline = AbortSignal.timeout(patienceMs)
      while (events.length < count) {
        if (deadline.aborted) throw new Error(`only ${JSON.stringify(events)} came in ${patienceMs} ms`)
        await new Promise<void>((resolve) => {
          wake = resolve
          deadline.addEventListener('abort', () => resolve(), { once: true })
        })
      }
      return events.splice(0, count)
    },
    close: () => abort.abort(),
  }
}

async function readAll(response: Response, onText: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  try {
    for await (const chunk of response.body ?? []) onText(decoder.decode(chunk, { stream: true }))
  } catch {
    // The test closed the stream, or the server did: what came before counts.
  }
}

function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let received = ''
    socket.setTimeout(patienceMs, () => reject(new Error(`the server did not hang up; it sent ${received}`)))
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    // Refusing a body that is still being sent may reset the connection after the answer.
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
  })
}
