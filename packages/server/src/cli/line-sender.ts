import { randomUUID } from 'node:crypto'
import { TidingsError } from '@tidings/protocol'
import type { Refusal } from './answer.ts'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'
import { type LineEvent, type LineReading, readLineEvent } from './line-event.ts'
import type { Line } from './line-splitter.ts'
import type { Publisher } from './publisher.ts'
import { complain, notice } from './terminal.ts'

/** How to send lines. */
export interface LineSending {
  readonly publisher: Publisher
  readonly reading: LineReading
  /** Bytes of one request. */
  readonly maxBodyBytes: number
  /** What to do about a line that no server takes: `stop` before it, or `skip` it. */
  readonly onError: 'stop' | 'skip'
}

/** Refusals that are about the events of a batch, so that others of them may be taken. */
const aboutEvents: ReadonlySet<number> = new Set([400, 403, 413])
/** Refusals of a batch that is too large for this server's limits. */
const aboutSize: ReadonlySet<string | undefined> = new Set(['too_many_events', 'body_too_large'])

/** Sends lines as events: in order, once each. */
export class LineSender {
  readonly #sending: LineSending
  #mostEvents = Number.POSITIVE_INFINITY
  #refused = 0
  #repaired = 0

  constructor(sending: LineSending) {
    this.#sending = sending
  }

  /**
   * Sends lines.
   * @throws CliError if the server is unavailable for too long, or at a line that is refused if so wished.
   */
  async send(lines: readonly Line[]): Promise<void> {
    const events: LineEvent[] = []
    for (const line of lines) {
      this.#noteRepair(line)
      try {
        const event = readLineEvent(line, this.#sending.reading)
        if (event !== undefined) events.push(this.#checkSize(event))
      } catch (error) {
        if (!(error instanceof TidingsError)) throw error
        // Those before it go first: what is on the server is then exactly what stands before this line.
        await this.#publishAll(events.splice(0))
        this.#refuse(line.number, error.message)
      }
    }
    await this.#publishAll(events)
  }

  /**
   * Says what happened along the way, at the end.
   * @throws CliError if lines were skipped.
   */
  finish(): void {
    if (this.#repaired > 1)
      notice(`${this.#repaired} lines held bytes that are not UTF-8, replaced by U+FFFD`)
    if (this.#refused === 0) return
    throw new CliError(exitCode.refused, `${this.#refused} lines were skipped; all others are published`)
  }

  async #publishAll(events: readonly LineEvent[]): Promise<void> {
    for (let at = 0; at < events.length; ) {
      const end = this.#endOfBatch(events, at)
      await this.#publish(events.slice(at, end))
      at = end
    }
  }

  #endOfBatch(events: readonly LineEvent[], start: number): number {
    let bytes = 2
    for (let at = start; at < events.length; at++) {
      bytes += Buffer.byteLength(events[at]!.json) + 1
      if (at > start && (bytes > this.#sending.maxBodyBytes || at - start >= this.#mostEvents)) return at
    }
    return events.length
  }

  async #publish(events: readonly LineEvent[]): Promise<void> {
    const body = `[${events.map(({ json }) => json).join(',')}]`
    const outcome = await this.#sending.publisher.publish(body, randomUUID()).catch((error: unknown) => {
      if (!(error instanceof CliError)) throw error
      const from = events[0]!.line
      throw new CliError(error.exitCode, `${error.message}; published up to line ${from - 1}`, {
        cause: error,
      })
    })
    if (outcome.kind === 'refused') await this.#narrow(events, outcome.refusal)
  }

  /** A batch is refused as a whole: halving it leads to the lines that are meant, and all others are sent. */
  async #narrow(events: readonly LineEvent[], { status, code, detail }: Refusal): Promise<void> {
    if (!aboutEvents.has(status)) throw new CliError(exitCode.refused, detail)
    if (events.length === 1) return this.#refuse(events[0]!.line, detail)
    const half = Math.ceil(events.length / 2)
    // This server takes less than others do: from now on it gets no more.
    if (aboutSize.has(code)) this.#mostEvents = half
    await this.#publish(events.slice(0, half))
    await this.#publish(events.slice(half))
  }

  #checkSize(event: LineEvent): LineEvent {
    const { maxBodyBytes } = this.#sending
    if (Buffer.byteLength(event.json) + 2 <= maxBodyBytes) return event
    throw new TidingsError(
      'body_too_large',
      `it takes more than ${maxBodyBytes} bytes as JSON, the most that a request may have (--max-body-bytes)`,
    )
  }

  #refuse(line: number, why: string): void {
    const message = `line ${line}: ${why}`
    if (this.#sending.onError === 'stop') {
      throw new CliError(exitCode.refused, `${message}; stopped there, with the lines before it published`)
    }
    this.#refused++
    complain(`${message}; skipped`)
  }

  #noteRepair({ isRepaired, number }: Line): void {
    // Once is enough while it runs: a binary file would fill the terminal.
    if (isRepaired && this.#repaired++ === 0) {
      notice(
        `line ${number} holds bytes that are not UTF-8; they are replaced by U+FFFD, here and from here on`,
      )
    }
  }
}
