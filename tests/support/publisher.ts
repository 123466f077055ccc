import { randomUUID } from 'node:crypto'
import { Agent, type IncomingMessage, request } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import type { Outcome, Publication, SentEvent } from '../history/history.ts'
import { until } from './until.ts'

/** How to publish. */
export interface PublisherOptions {
  /** Of the server; or of several nodes, asked in turn. */
  readonly port: number | readonly number[]
  /** Names what it sends; unique in a test. */
  readonly name: string
  /** An attempt without an answer is given up after this long. */
  readonly timeoutMs?: number
  /** Attempts under one key before it is left unknown. */
  readonly attempts?: number
  /** Asks again, too, when it is told that nothing can be stored now: by 429, 503 or 507. */
  readonly isPersistent?: boolean
  /** Over TLS, whoever made the certificate. */
  readonly isSecure?: boolean
  /** Further headers: a key, for example. */
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer to a request. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** An event to send: its data is made unique by the publisher. */
export interface Draft {
  readonly topic: string
  readonly type?: string
  /** Made longer with this many characters. */
  readonly padding?: number
}

/** Publishes with idempotency keys, tries again when it does not know, and records what it was told. */
export class Publisher implements Disposable {
  readonly publications: (Publication & { readonly attempts: Outcome[] })[] = []
  readonly #options: Required<PublisherOptions>
  readonly #agent: Agent
  #count = 0
  #turn = 0
  #isStopped = false

  constructor(options: PublisherOptions) {
    this.#options = {
      timeoutMs: 5_000,
      attempts: 1_000,
      isPersistent: false,
      isSecure: false,
      headers: {},
      ...options,
    }
    const agent = { keepAlive: true, maxSockets: 512 }
    this.#agent = options.isSecure
      ? new SecureAgent({ ...agent, rejectUnauthorized: false })
      : new Agent(agent)
  }

  /** Sends events in one request, until the outcome is known or the attempts are used up. */
  async publish(...drafts: readonly Draft[]): Promise<Outcome> {
    const publication = this.draft(drafts)
    let outcome: Outcome = { kind: 'unknown' }
    for (let attempt = 0; attempt < this.#options.attempts && !this.#isStopped; attempt++) {
      outcome = await this.attempt(publication)
      if (!this.#isOpen(outcome)) break
      await until('the next attempt', isNext())
    }
    return outcome
  }

  /** A publication that has a key and its data, and has not been sent. */
  draft(drafts: readonly Draft[]): Publication & { attempts: Outcome[] } {
    const key = `${this.#options.name}-${++this.#count}-${randomUUID().slice(0, 8)}`
    const events = drafts.map(({ topic, type = 'message', padding = 0 }, index): SentEvent => {
      const data = JSON.stringify({
        n: `${this.#options.name}/${this.#count}/${index}`,
        p: 'x'.repeat(padding),
      })
      return { topic, type, data }
    })
    const publication = { key, events, attempts: [] as Outcome[] }
    this.publications.push(publication)
    return publication
  }

  /** One attempt; records and returns its outcome. */
  async attempt({ key, events, attempts }: Publication & { attempts: Outcome[] }): Promise<Outcome> {
    const body = events.map(({ topic, type, data }) => ({ topic, type, data: JSON.parse(data) as unknown }))
    const outcome = await this.#send(key, JSON.stringify(body)).then(
      readOutcome,
      (): Outcome => ({ kind: 'unknown' }),
    )
    attempts.push(outcome)
    return outcome
  }

  /** Publishes one event after the other until it is stopped. */
  async publishUntilStopped(draft: (index: number) => Draft): Promise<void> {
    for (let index = 0; !this.#isStopped; index++) await this.publish(draft(index))
  }

  /** Lets go: whatever has no answer yet stays unknown. */
  stop(): void {
    this.#isStopped = true
  }

  [Symbol.dispose](): void {
    this.stop()
    this.#agent.destroy()
  }

  /** How many events were acknowledged. */
  get acknowledged(): number {
    return this.publications.reduce((sum, { events, attempts }) => {
      return sum + (attempts.some(({ kind }) => kind === 'acknowledged') ? events.length : 0)
    }, 0)
  }

  /** Whether it is worth asking again. */
  #isOpen(outcome: Outcome): boolean {
    if (outcome.kind === 'refused') return this.#options.isPersistent && forNow.has(outcome.status)
    return outcome.kind === 'unknown'
  }

  #nextPort(): number {
    const { port } = this.#options
    return typeof port === 'number' ? port : port[this.#turn++ % port.length]!
  }

  #send(key: string, body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { timeoutMs, isSecure } = this.#options
      const port = this.#nextPort()
      const headers = {
        ...this.#options.headers,
        'content-type': 'application/json',
        'idempotency-key': key,
      }
      const outgoing = (isSecure ? secureRequest : request)(
        { port, host: '127.0.0.1', path: '/api/events', method: 'POST', agent: this.#agent, headers },
        (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (part: string) => {
            text += part
          })
          response.on('end', () => {
            const answer = { status: response.statusCode!, headers: response.headers, text }
            response.complete ? resolve(answer) : reject(new Error('cut in the middle of the answer'))
          })
          response.on('error', reject)
        },
      )
      outgoing.on('error', reject)
      outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error('no answer in time')))
      outgoing.end(body)
    })
  }
}

/** Refusals that say "not now". */
const forNow = new Set([429, 503, 507])

function readOutcome({ status, text }: Answer): Outcome {
  if (status === 200 || status === 201) {
    const { ids, duplicate } = JSON.parse(text) as { ids: string[]; duplicate: boolean }
    return { kind: 'acknowledged', ids, isDuplicate: duplicate }
  }
  const { code } = JSON.parse(text) as { code?: string }
  // After a failed fsync nobody knows what is on the disk.
  return code === 'storage_failed' || code === 'storage_unanswered' || code === 'internal'
    ? { kind: 'unknown' }
    : { kind: 'refused', status }
}

/** True after a few milliseconds: a server that is away is not asked in a tight loop. */
function isNext(): () => boolean {
  const start = performance.now()
  return () => performance.now() - start > 15
}
