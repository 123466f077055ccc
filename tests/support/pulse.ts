import { Agent, get } from 'node:http'

/**
 * Feels a server's pulse from outside: asks for its health without a pause, and notes the longest wait.
 * While an attack goes on, that is how long everybody else stood still.
 */
export class Pulse implements AsyncDisposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #beating: Promise<void>
  #isStopped = false
  /** In milliseconds. */
  longest = 0
  beats = 0

  constructor(port: number) {
    this.#beating = this.#beat(port)
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
      this.longest = Math.max(this.longest, performance.now() - start)
      this.beats++
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
