import { type ErrorEvent, EventSource, type EventSourceInit } from '@tidings/client/event-source'
import { until } from '../support/until.ts'

/** One of our EventSources, and all that it has said. */
export class HeardSource implements Disposable {
  readonly source: EventSource
  readonly messages: { data: string; lastEventId: string }[] = []
  /** `open`, or `error` with the state after it, in order. */
  readonly states: string[] = []
  readonly errors: ErrorEvent[] = []

  constructor(url: string, init?: EventSourceInit) {
    this.source = new EventSource(url, init)
    this.source.onmessage = ({ data, lastEventId }) => this.messages.push({ data, lastEventId })
    this.source.onopen = () => this.states.push('open')
    this.source.onerror = (event) => {
      this.errors.push(event)
      this.states.push(this.source.readyState === EventSource.CLOSED ? 'failed' : 'comes back')
    }
  }

  get data(): string[] {
    return this.messages.map(({ data }) => data)
  }

  /** Waits for a number of messages. */
  async has(count: number): Promise<void> {
    await until(
      () => `${count} messages; there are ${JSON.stringify(this.data)}, ${this.states.join(', ')}`,
      () => this.messages.length >= count,
    )
  }

  /** Waits until it has failed for good. */
  async failed(): Promise<ErrorEvent> {
    return until(
      () => `the end of it; it is ${this.states.join(', ')}`,
      () => this.source.readyState === EventSource.CLOSED && this.errors.at(-1),
    )
  }

  /** Waits for a number of errors. */
  async stumbled(times: number): Promise<void> {
    await until(`${times} errors`, () => this.errors.length >= times)
  }

  [Symbol.dispose](): void {
    this.source.close()
  }
}
