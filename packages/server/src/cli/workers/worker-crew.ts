import { randomBase36 } from '@tidings/protocol'
import type { Settings } from '../../config/settings.ts'
import { peerIdLength } from '../../peers/peers.ts'
import type { Logger } from '../../server.ts'
import { type Backoff, waitAfter } from '../backoff.ts'
import { CliError } from '../cli-error.ts'
import { exitCode } from '../exit-code.ts'
import type { WorkerStart } from './messages.ts'
import { WorkerProcess } from './worker-process.ts'

/** How long a worker that has ended is waited for before it is started again. */
const backoff: Backoff = { firstMs: 200, mostMs: 10_000 }

/** A worker that has lived so long, in milliseconds, did not end because of how it was started. */
const soundMs = 30_000

/** What all workers are started with. */
export interface CrewOptions {
  readonly settings: Settings
  readonly logger: Logger
  /** Serves a worker what this process owns; absent if it owns nothing that they need. */
  readonly serve?: ((worker: WorkerProcess) => void) | undefined
}

/** What they say when they are up. */
export type Listening = Extract<WorkerStart, { isUp: true }>

/** The workers of a server: as many as there should be, each started again when it ends. */
export class WorkerCrew {
  readonly #name = randomBase36(peerIdLength)
  readonly #options: CrewOptions
  readonly #workers = new Map<number, WorkerProcess>()
  readonly #failures = new Map<number, number>()
  readonly #restarts = new Set<NodeJS.Timeout>()
  readonly #onStoreFailed: () => void
  #port: number
  /** Those who could listen; all do when all can. */
  #prepared = 0
  readonly #allPrepared = Promise.withResolvers<void>()
  #isClosing = false

  /** @param onStoreFailed called when a worker has ended because its store failed, which is that of all. */
  constructor(options: CrewOptions, onStoreFailed: () => void) {
    this.#options = options
    this.#onStoreFailed = onStoreFailed
    this.#port = options.settings.port
  }

  /**
   * Starts them all.
   * @returns what the first says.
   * @throws CliError if one of them cannot start; then there are none.
   */
  async start(): Promise<Listening> {
    try {
      const count = this.#options.settings.workers
      // Without a port, the first finds the one that the others share.
      const first = this.#startFirst(1)
      if (this.#port === 0) this.#port = (await first).port
      const others = Array.from({ length: count - 1 }, (_, index) => this.#startFirst(index + 2))
      const [listening] = await Promise.all([first, ...others])
      return listening
    } catch (error) {
      this.kill()
      throw error
    }
  }

  renewCertificates(): void {
    for (const worker of this.#workers.values()) worker.renewCertificate()
  }

  /** Tells all to end in order, and resolves when they have. */
  async close(): Promise<void> {
    this.#stopRestarts()
    const workers = [...this.#workers.values()]
    for (const worker of workers) worker.close()
    await Promise.all(workers.map(({ ended }) => ended))
  }

  /** Ends all at once. */
  kill(): void {
    this.#stopRestarts()
    for (const worker of this.#workers.values()) worker.kill()
  }

  /** At the start, when the last of them could listen; later, at once. */
  async #turn(): Promise<void> {
    const { settings } = this.#options
    if (++this.#prepared >= settings.workers) this.#allPrepared.resolve()
    // The first has to find the port.
    if (this.#port !== 0) await this.#allPrepared.promise
  }

  #stopRestarts(): void {
    this.#isClosing = true
    for (const timer of this.#restarts) clearTimeout(timer)
  }

  async #startFirst(number: number): Promise<Listening> {
    const start = await this.#launch(number).catch((cause: Error) => {
      throw new CliError(exitCode.failed, `worker ${number} ended while it started`, { cause })
    })
    if (start.isUp) return start
    throw new CliError(start.exitCode, start.message)
  }

  async #launch(number: number): Promise<WorkerStart> {
    const { settings, logger, serve } = this.#options
    const worker = new WorkerProcess(number, () => this.#turn())
    this.#workers.set(number, worker)
    serve?.(worker)
    const launchedAt = performance.now()
    let isUp = false
    void worker.ended.then(({ code, signal }) => {
      this.#workers.delete(number)
      if (this.#isClosing) return
      if (code === exitCode.storeFailed) return this.#onStoreFailed()
      // Whoever never was up says so in its start.
      if (!isUp && this.#failures.get(number) === undefined) return
      if (performance.now() - launchedAt > soundMs) this.#failures.set(number, 0)
      logger.error(
        { worker: number, pid: worker.pid, code, signal },
        'a worker has ended; another takes its place',
      )
      this.#launchLater(number)
    })
    const start = await worker.start({
      settings: { ...settings, port: this.#port },
      crew: this.#name,
      isServed: serve !== undefined,
    })
    isUp = start.isUp
    if (isUp) {
      this.#failures.set(number, this.#failures.get(number) ?? 0)
      logger.info({ worker: number, pid: worker.pid }, 'a worker is up')
      worker.watch(() => {
        logger.error({ worker: number, pid: worker.pid }, 'a worker does not answer any more; it is ended')
        worker.kill()
      })
    }
    return start
  }

  #launchLater(number: number): void {
    const failures = (this.#failures.get(number) ?? 0) + 1
    this.#failures.set(number, failures)
    const timer = setTimeout(
      () => {
        this.#restarts.delete(timer)
        this.#launch(number).then(
          (start) => {
            if (start.isUp) return
            this.#options.logger.error({ worker: number, reason: start.message }, 'a worker cannot start')
            // What keeps it from starting may pass: its end brings the next try.
            this.#workers.get(number)?.kill()
          },
          // It has ended meanwhile, which is seen where all ends are.
          () => {},
        )
      },
      waitAfter(failures, backoff, Math.random()),
    )
    this.#restarts.add(timer)
  }
}
