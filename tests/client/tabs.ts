import { type ConnectOptions, connect, type TidingsEvent, type TidingsStream } from '@tidings/client'
import { expect } from 'vitest'
import type { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'

/** Tells the tabs of one test from those of another. */
let counter = 0

/** A stream that stands for a tab, and what it has handled. */
export interface Tab {
  readonly stream: TidingsStream
  readonly events: TidingsEvent[]
  readonly data: unknown[]
}

/** Streams of this process that stand for the tabs of one browser, and share one connection. */
export class Tabs implements AsyncDisposable {
  readonly #server: ServerProcess
  readonly #name = `tabs ${counter++} of ${process.pid}`
  all: Tab[] = []

  constructor(server: ServerProcess, count: number) {
    this.#server = server
    for (let index = 0; index < count; index++) this.open()
  }

  open(options: ConnectOptions = {}): Tab {
    const stream = connect({
      url: `${this.#server.url}/events`,
      topics: ['orders'],
      shared: this.#name,
      ...options,
    })
    const events: TidingsEvent[] = []
    stream.on('*', (event) => events.push(event))
    const tab = {
      stream,
      events,
      get data() {
        return events.map(({ data }) => data)
      },
    }
    this.all.push(tab)
    return tab
  }

  /** Closes the one that leads, as soon as one does. */
  async closeLeader(): Promise<void> {
    await until('a leader', () => this.leaderFirst()[0]!.stream.status.role === 'leader')
    const [leader, ...others] = this.leaderFirst()
    leader!.stream.close()
    this.all = others
  }

  leaderFirst(): Tab[] {
    return this.all.toSorted(
      (a, b) => Number(b.stream.status.role === 'leader') - Number(a.stream.status.role === 'leader'),
    )
  }

  roles(): Record<string, number> {
    return Object.fromEntries(
      ['leader', 'follower'].map((role) => [
        role,
        this.all.filter(({ stream }) => stream.status.role === role).length,
      ]),
    )
  }

  async haveRoles(expected: Record<string, number>): Promise<void> {
    await expect.poll(() => this.roles()).toEqual(expected)
  }

  /** Held or waited for by any tab. */
  async locks(): Promise<unknown[]> {
    const { held, pending } = await navigator.locks.query()
    return [...held!, ...pending!].filter(({ name }) => name!.includes(`${this.#name} `))
  }

  async areLive(): Promise<void> {
    const states = () => this.all.map(({ stream }) => stream.status.state)
    await until(
      () => `all tabs to be live: ${states()}`,
      () =>
        states().every((state) => state === 'live') && this.all.every(({ stream }) => stream.status.clientId),
    )
  }

  async haveAll(expected: readonly number[]): Promise<void> {
    await until(
      () => `all events: ${this.all.map(({ events }) => events.length)}`,
      () => this.all.every(({ events }) => events.length >= expected.length),
    )
    for (const { data } of this.all) expect(data).toEqual(expected)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stream } of this.all) await stream[Symbol.asyncDispose]()
  }
}
