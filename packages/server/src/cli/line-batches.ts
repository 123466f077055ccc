import type { Readable } from 'node:stream'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'
import type { Line, LineSplitter } from './line-splitter.ts'

/** How lines are gathered. */
export interface Gathering {
  /** Lines of one batch. */
  readonly mostLines: number
  /** Characters after which a batch takes no further line. */
  readonly mostLength: number
  /** How long the first line of a batch waits for others, in milliseconds. */
  readonly lingerMs: number
  /** Ends the reading: the lines that have been read are still given out. */
  readonly signal: AbortSignal
}

/**
 * Reads lines in batches: as many as are there when a batch is asked for, or come within the linger. Reads
 * nothing while nobody asks, so that the writer at the other end of a pipe waits and memory stays bounded.
 * @throws CliError if the input fails, after what was read.
 */
export async function* gatherLines(
  input: Readable,
  splitter: LineSplitter,
  gathering: Gathering,
): AsyncGenerator<readonly Line[]> {
  const source = new LineSource(input, splitter, gathering.signal)
  while (!source.isOver) {
    const batch = await gather(source, gathering)
    if (batch.length > 0) yield batch
  }
  const { errored } = input
  if (errored)
    throw new CliError(exitCode.failed, `cannot read the input: ${errored.message}`, { cause: errored })
}

async function gather(source: LineSource, { mostLines, mostLength, lingerMs }: Gathering): Promise<Line[]> {
  const batch: Line[] = []
  let length = 0
  let deadline = Number.POSITIVE_INFINITY
  while (batch.length < mostLines && length < mostLength) {
    const line = source.next()
    if (line !== undefined) {
      if (batch.length === 0) deadline = performance.now() + lingerMs
      batch.push(line)
      length += line.text.length
    } else {
      const left = deadline - performance.now()
      if (source.isOver || left <= 0) break
      await source.arrival(left)
    }
  }
  return batch
}

/** The lines of a stream, as they come. */
class LineSource {
  readonly #input: Readable
  readonly #splitter: LineSplitter
  readonly #signal: AbortSignal
  #isLastChunk = false
  isOver = false

  constructor(input: Readable, splitter: LineSplitter, signal: AbortSignal) {
    // It may fail while nobody waits for it; `errored` tells when somebody asks.
    this.#input = input.on('error', () => {})
    this.#splitter = splitter
    this.#signal = signal
  }

  /** The next line that is there; `undefined` if there is none, now or, when it is over, ever. */
  next(): Line | undefined {
    for (;;) {
      const line = this.#splitter.next()
      if (line !== undefined || this.isOver) return line
      const chunk: Uint8Array | null = this.#isLastChunk ? null : this.#input.read()
      if (chunk !== null) {
        this.#splitter.push(chunk)
        // What the stream has taken from the pipe is ours to publish; a fast writer must not hold us for ever.
        this.#isLastChunk = this.#signal.aborted
      } else if (this.#signal.aborted) this.isOver = true
      else if (this.#input.readableEnded || this.#input.destroyed) {
        this.isOver = true
        return this.#splitter.finish()
      } else return undefined
    }
  }

  /** Resolves when there may be something to read, or nothing more to wait for. */
  arrival(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(withinMs) ? setTimeout(wake, withinMs) : undefined
      const events = ['readable', 'end', 'close', 'error'] as const
      const input = this.#input
      const signal = this.#signal
      function wake() {
        clearTimeout(timer)
        for (const event of events) input.off(event, wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      for (const event of events) input.on(event, wake)
      signal.addEventListener('abort', wake)
    })
  }
}
