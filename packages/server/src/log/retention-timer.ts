import { TidingsError } from '@tidings/protocol'
import type { Settings } from '../config/settings.ts'
import type { EventLog, Retention } from './event-log.ts'

/** How often retention is looked after: so late may an event go. */
const intervalMs = 1_000

/** Keeps a log within its retention, for as long as it runs. */
export class RetentionTimer {
  readonly #log: EventLog
  readonly #retention: Retention
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | undefined

  /** Keeps it within what the settings say. */
  static of(log: EventLog, settings: Settings): RetentionTimer {
    const { retentionAgeMs: ageMs, retentionEvents: events, retentionBytes: bytes } = settings
    return new RetentionTimer(log, { ageMs, events, bytes })
  }

  constructor(log: EventLog, retention: Retention) {
    this.#log = log
    this.#retention = retention
    this.#timer = setInterval(() => this.#run(), intervalMs)
    // A program that has nothing else to do may end.
    this.#timer.unref()
  }

  /** Resolves when no trim is under way any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  #run(): void {
    this.#running ??= this.#trim().finally(() => {
      this.#running = undefined
    })
  }

  async #trim(): Promise<void> {
    try {
      await this.#log.trim(this.#retention)
    } catch (error) {
      // A full disk has no room even for removing; a failed log has told its owner itself.
      if (!(error instanceof TidingsError)) throw error
    }
  }
}
