import { setTimeout as pause } from 'node:timers/promises'
import type { Draft, Publisher, PublisherOptions } from '../support/publisher.ts'
import { until } from '../support/until.ts'
import type { Cluster } from './cluster.ts'

/** What is published, and how much of it. */
export interface TrafficOptions extends Partial<PublisherOptions> {
  readonly publishers?: number
  /** Between an answer and the next publish of the same publisher, in milliseconds. */
  readonly paceMs?: number
  readonly name?: string
  readonly draft?: (index: number) => readonly Draft[]
}

/** Several publishers that publish to all nodes in turn until they are told to stop: single events and small batches. */
export class Traffic implements AsyncDisposable {
  readonly publishers: readonly Publisher[]
  readonly #running: Promise<unknown>
  readonly #paceMs: number
  readonly #draft: (index: number) => readonly Draft[]
  #isStopped = false

  constructor(
    cluster: Cluster,
    {
      publishers = 4,
      paceMs = 8,
      name = 'publisher',
      draft = draftOf,
      timeoutMs = 2_000,
      ...options
    }: TrafficOptions = {},
  ) {
    this.#paceMs = paceMs
    this.#draft = draft
    this.publishers = Array.from({ length: publishers }, (_, index) =>
      cluster.publisher(`${name}-${index}`, { timeoutMs, ...options }),
    )
    this.#running = Promise.all(this.publishers.map((publisher) => this.#publish(publisher)))
  }

  get acknowledged(): number {
    return this.publishers.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  }

  /** Waits until so many more events are acknowledged. */
  async flows(count = 50, timeoutMs = 60_000): Promise<void> {
    const goal = this.acknowledged + count
    await until(
      () => `${goal} acknowledged events; there are ${this.acknowledged}`,
      () => this.acknowledged >= goal,
      { timeoutMs },
    )
  }

  /** Waits until every publisher was turned away since now: then nothing that was sent before is under way. */
  async isTurnedAway(): Promise<void> {
    const before = this.publishers.map(turnsOf)
    await until('every publisher to be turned away', () =>
      this.publishers.every((publisher, index) => turnsOf(publisher) > before[index]!),
    )
  }

  /** Publishes no more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true
    for (const publisher of this.publishers) publisher[Symbol.dispose]()
    await this.#running
  }

  async #publish(publisher: Publisher): Promise<void> {
    for (let index = 0; !this.#isStopped; index++) {
      await publisher.publish(...this.#draft(index))
      await pause(this.#paceMs)
    }
  }
}

function draftOf(index: number): Draft[] {
  const topic = `orders/${index % 3}`
  return index % 5 === 0 ? [{ topic }, { topic, type: 'alert' }] : [{ topic }]
}

function turnsOf({ publications }: Publisher): number {
  return publications.reduce(
    (sum, { attempts }) => sum + attempts.filter(({ kind }) => kind === 'refused').length,
    0,
  )
}
