import type { Handler, HandlerOptions, Status, TidingsEvent, TidingsStream } from '@tidings/client'

/** A stream whose every move a test makes: for states that a real connection passes through too quickly to look at. */
export class ScriptedStream implements TidingsStream {
  readonly #target = new EventTarget()
  readonly #calls: string[] = []
  #status: Status = {
    state: 'live',
    attempt: 0,
    trouble: undefined,
    retryAtMs: undefined,
    awaySinceMs: undefined,
    lastEventId: undefined,
    lastEventAtMs: undefined,
    clientId: undefined,
    returned: undefined,
    gap: undefined,
    role: 'alone',
  }
  #wanted: string[] = []
  #made = 0
  #listeners = 0

  /** What has been asked of it. */
  get calls(): readonly string[] {
    return this.#calls
  }

  /** Whether anybody listens: views begin to when React has run their effects. */
  get isListened(): boolean {
    return this.#listeners > 0
  }

  get status(): Status {
    return this.#status
  }

  get topics(): readonly string[] {
    return this.#wanted
  }

  /** Changes the status. */
  set(change: Partial<Status>): void {
    this.#status = { ...this.#status, ...change }
    this.#target.dispatchEvent(new Event('status'))
  }

  /** Delivers events, all in one turn. */
  deliver(events: readonly Partial<TidingsEvent>[]): void {
    for (const event of events) {
      this.#made++
      const defaults = { id: `id.${this.#made}.xxxxx`, type: 'message', data: null, topic: 'orders/1' }
      const whole = { ...defaults, timeMs: Date.now(), isReplayed: false, ...event }
      this.#target.dispatchEvent(
        new CustomEvent('event', { detail: { text: JSON.stringify(whole.data), ...whole } }),
      )
    }
  }

  /** Delivers many events at once. */
  burst(count: number, topic: string): void {
    this.deliver(Array.from({ length: count }, (_, at) => ({ topic, data: { at } })))
  }

  /** Says something of the stream itself. */
  say(type: 'live' | 'connected' | 'gap', value: unknown): void {
    this.#target.dispatchEvent(new CustomEvent(`control:${type}`, { detail: value }))
  }

  on(type: string, handler: Handler<never>, { topic }: HandlerOptions = {}): () => void {
    const listener = ({ type: kind, detail }: CustomEventInit & Event) => {
      if (kind === 'event' && type !== '*' && detail.type !== type) return
      if (kind === 'event' && topic !== undefined && !matches(topic, detail.topic)) return
      handler(detail as never)
    }
    this.#listeners++
    const kinds = ['event', `control:${type}`]
    for (const kind of kinds) this.#target.addEventListener(kind, listener)
    return () => {
      for (const kind of kinds) this.#target.removeEventListener(kind, listener)
    }
  }

  onStatus(listener: (status: Status) => void): () => void {
    this.#listeners++
    const listen = () => listener(this.#status)
    this.#target.addEventListener('status', listen)
    return () => this.#target.removeEventListener('status', listen)
  }

  async add(...topics: string[]): Promise<void> {
    this.#calls.push(`add ${topics}`)
    this.#wanted.push(...topics)
  }

  remove(...topics: string[]): void {
    this.#calls.push(`remove ${topics}`)
    this.#wanted = this.#wanted.filter((topic) => !topics.includes(topic))
  }

  dismissGap(): void {
    this.#calls.push('dismissGap')
    this.set({ gap: undefined })
  }

  pause(): void {
    this.#calls.push('pause')
  }

  resume(): void {
    this.#calls.push('resume')
  }

  reconnect(): void {
    this.#calls.push('reconnect')
  }

  close(): void {
    this.#calls.push('close')
  }

  events(): AsyncIterableIterator<TidingsEvent> {
    throw new Error('No part of the kit loops over events.')
  }

  [Symbol.asyncIterator](): AsyncIterator<TidingsEvent> {
    return this.events()
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function matches(pattern: string, topic: string): boolean {
  if (pattern === '**') return true
  return pattern.endsWith('/*') ? topic.startsWith(pattern.slice(0, -1)) : pattern === topic
}
