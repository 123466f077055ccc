import { EventSource } from 'eventsource'
import { until } from './until.ts'

/** An event as a page gets it. */
export interface PageEvent {
  readonly type: string
  readonly id: string
  readonly data: string
}

/** What a page does: an EventSource with a listener for each type, which comes back by itself. */
export class PageSource implements Disposable {
  readonly events: PageEvent[] = []
  /** How often it has connected. */
  opened = 0
  readonly #source: EventSource

  /**
   * @param types to listen for, as a page has to; `connected` and `live` are always among them.
   * @param lastEventId sent with the first request; later ones send the last id that came.
   */
  constructor(url: string, types: readonly string[], lastEventId?: string) {
    this.#source = new EventSource(url, {
      fetch: (input, init) => {
        const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }
        return fetch(input, { ...init, headers: { ...headers, ...init.headers } })
      },
    })
    this.#source.addEventListener('open', () => this.opened++)
    for (const type of ['connected', 'live', 'gap', ...types]) {
      this.#source.addEventListener(type, ({ lastEventId: id, data }) => this.events.push({ type, id, data }))
    }
  }

  /** The events of one type. */
  of(type: string): PageEvent[] {
    return this.events.filter((event) => event.type === type)
  }

  /** Waits for a number of events of a type, and returns them. */
  async has(count: number, type: string, timeoutMs = 60_000): Promise<PageEvent[]> {
    await until(
      `${count} events "${type}"`,
      () => {
        if (this.#source.readyState === EventSource.CLOSED) throw new Error('It has given up for ever.')
        return this.of(type).length >= count
      },
      { timeoutMs },
    )
    return this.of(type)
  }

  close(): void {
    this.#source.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
