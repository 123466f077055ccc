import { Agent, get } from 'node:http'

/**
 * Feels a server's pulse from outside: asks for its health without a pause, and notes the longest wait.
 * While an attack goes on, that is how long everybody else stood still.
 */
export class Pulse implements AsyncDisposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #beating: Promise<void>
  #isStopped = false
  readonly #waits: number[] = []

  constructor(port: number) {
    this.#beating = this.#beat(port)
  }

  /** The longest wait of all, in milliseconds. */
  get longest(): number {
    return this.#waits.reduce((longest, wait) => Math.max(longest, wait), 0)
  }

  /** What 99 of 100 waits did not exceed, in milliseconds: for long attacks on a machine with other work. */
  get p99(): number {
    return this.#waits.toSorted((a, b) => a - b)[Math.floor(this.#waits.length * 0.99)] ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true
    await this.#beating
    this.#agent.destroy()
  }

  async #beat(port: number): Promise<void> {
    while (!this.#isStopped) {
      const start = performance.now()
      await this.#ask(port)
      this.#waits.push(performance.now() - start)
    }
  }

  #ask(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      get({ port, host: '127.0.0.1', path: '/healthz', agent: this.#agent }, (response) => {
        response.resume().on('end', resolve)
      }).on('error', reject)
    })
  }
}
