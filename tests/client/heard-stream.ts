import {
  type ConnectOptions,
  connect,
  type Status,
  type TidingsEvent,
  type TidingsStream,
} from '@tidings/client'
import { until } from '../support/until.ts'

/** One of our streams, and all that it has said. */
export class HeardStream implements AsyncDisposable {
  readonly stream: TidingsStream
  readonly events: TidingsEvent[] = []
  /** The states it went through, in order. */
  readonly states: Status['state'][] = []
  /** Each trouble that it told of, in order. */
  readonly troubles: NonNullable<Status['trouble']>[] = []

  constructor(options: ConnectOptions) {
    this.stream = connect(options)
    this.stream.on('*', (event) => this.events.push(event))
    this.#hear(this.status)
    this.stream.onStatus((status) => this.#hear(status))
  }

  get status(): Status {
    return this.stream.status
  }

  get data(): unknown[] {
    return this.events.map(({ data }) => data)
  }

  /** What kinds of trouble there were, in order. */
  get codes(): string[] {
    return this.troubles.map(({ code }) => code)
  }

  /** Waits for a number of events. */
  async has(count: number): Promise<void> {
    await until(
      () => `${count} events; there are ${JSON.stringify(this.data)}, ${JSON.stringify(this.status)}`,
      () => this.events.length >= count,
    )
  }

  /** Waits until it is in a state, or has been since: some states last for less than the time between two looks. */
  async is(state: Status['state']): Promise<Status> {
    let seen: Status | undefined
    const off = this.stream.onStatus((status) => {
      if (status.state === state) seen = status
    })
    try {
      return await until(
        () => `${state}; it is ${JSON.stringify(this.status)}`,
        () => (this.status.state === state ? this.status : seen),
      )
    } finally {
      off()
    }
  }

  /** Waits until it has stumbled a number of times. */
  async stumbled(times: number): Promise<void> {
    await until(
      () => `${times} troubles; there are ${this.codes.join(', ')}`,
      () => this.troubles.length >= times,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stream[Symbol.asyncDispose]()
  }

  #hear({ state, trouble }: Status): void {
    if (state !== this.states.at(-1)) this.states.push(state)
    if (trouble !== undefined && trouble !== this.troubles.at(-1)) this.troubles.push(trouble)
  }
}
