import type { Status, TidingsStream } from '@tidings/client'
import { nextFrame } from './frame.ts'
import { Observer, type Stop } from './observer.ts'

/** A stream's connection: its status, and whether events arrive. All times are points in time, so it ages by itself. */
export interface Connection extends Status {
  /** Whether the server is connected: live, or catching up. */
  readonly isConnected: boolean
}

/** Watches a stream's status, at most one change a frame. */
export class ConnectionObserver extends Observer<Connection> {
  readonly #stream: TidingsStream

  constructor(stream: TidingsStream) {
    super(connectionOf(stream.status))
    this.#stream = stream
  }

  protected start(): Stop {
    const take = () => {
      this.value = connectionOf(this.#stream.status)
    }
    nextFrame(take)
    return this.#stream.onStatus(() => nextFrame(take))
  }
}

function connectionOf(status: Status): Connection {
  return { ...status, isConnected: status.state === 'live' || status.state === 'catching-up' }
}
