import { Agent, get as plainGet } from 'node:http'
import { Agent as SecureAgent, get as secureGet } from 'node:https'

/**
 * Feels a server's pulse from outside: asks for its health without a pause, and notes the longest wait.
 * While an attack goes on, that is how long everybody else stood still.
 */
export class Pulse implements AsyncDisposable {
  readonly #agent: Agent
  readonly #isSecure: boolean
  readonly #beating: Promise<void>
  #isStopped = false
  readonly #waits: number[] = []

  /**
   * @param isSecure over TLS, whoever made the certificate.
   */
  constructor(port: number, isSecure = false) {
    const agent = { keepAlive: true, maxSockets: 1 }
    this.#isSecure = isSecure
    this.#agent = isSecure ? new SecureAgent({ ...agent, rejectUnauthorized: false }) : new Agent(agent)
    this.#beating = this.#beat(port)
    // Whoever ends it hears of it; a test that fails before would otherwise fail the whole run.
    this.#beating.catch(() => {})
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
      const get = this.#isSecure ? secureGet : plainGet
      get({ port, host: '127.0.0.1', path: '/healthz', agent: this.#agent }, (response) => {
        response.resume().on('end', resolve)
      }).on('error', reject)
    })
  }
}
