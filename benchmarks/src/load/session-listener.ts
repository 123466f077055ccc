import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { EventCount } from './event-count.ts'
import type { Listener, ListenerOptions, ListenerSink } from './listener.ts'
import { openSocket } from './wire.ts'

/** One open stream among others in a session of HTTP/2. */
export class SessionListener implements Listener {
  received = 0
  readonly #sink: ListenerSink
  readonly #stream: ClientHttp2Stream
  readonly #count: EventCount
  #isOver = false

  constructor(session: ClientHttp2Session, options: ListenerOptions, sink: ListenerSink) {
    this.#sink = sink
    this.#count = new EventCount(options, (micros) => sink.onLatency(micros))
    const { path, lastEventId } = options
    this.#stream = session.request({
      ':path': path,
      accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    })
    this.#stream.on('response', ({ ':status': status }) => {
      if (status === 200) sink.onOpen(this)
      else this.#end(`answered ${status}`)
    })
    this.#stream.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#stream.on('error', (error) => this.#end(error.message))
    this.#stream.on('close', () => this.#end('the server ended the stream'))
  }

  get lastId(): string | undefined {
    return this.#count.lastId
  }

  close(): void {
    this.#isOver = true
    this.#stream.session?.destroy()
  }

  #read(chunk: Buffer): void {
    const count = this.#count.take(chunk)
    if (count === 0) return
    this.received += count
    this.#sink.onEvents(this, count)
  }

  #end(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sink.onEnd(this, reason)
  }
}

/** Opens a session for some streams. */
export function openSession(port: number, localAddress: string): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${port}`, {
    createConnection: () => openSocket({ port, localAddress, isSecure: true, isHttp2: true }, () => {}),
  })
  // Each of its streams says that it is over.
  return session.on('error', () => {})
}
