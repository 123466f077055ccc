import { EventTooLargeError, type Message, Parser } from '../parser.ts'
import type { Block } from './block.ts'
import type { Dialect } from './dialect.ts'
import { Failure, orFail } from './failure.ts'
import type { Watchdog } from './watchdog.ts'

/** What one open response is read with. */
export interface Reading {
  readonly response: Response
  readonly lastEventId: string
  readonly dialect: Dialect
  readonly maxEventBytes: number | undefined
  readonly watchdog: Watchdog
  readonly signal: AbortSignal
  /** Called for each block in order; a promise is waited for, and nothing is read meanwhile. */
  readonly onBlock: (block: Block) => Promise<void> | undefined
  readonly onRetry: (retryMs: number) => void
}

/**
 * Reads a response to its end. What arrived before an error is handled before it is thrown.
 * @throws Failure always, in the end: also a stream that just ends is one that has to be opened again.
 */
export async function readConnection(reading: Reading): Promise<never> {
  const { response, lastEventId, dialect, signal, watchdog, onBlock, onRetry } = reading
  let arrived: Block[] = []
  const parser = new Parser(
    {
      onMessage: (message: Message) => arrived.push(dialect.read(message)),
      onId: (place) => arrived.push({ kind: 'place', place }),
      onRetry,
    },
    { maxEventBytes: reading.maxEventBytes, lastEventId },
  )
  // The parser passes over a byte order mark; a second one is text.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const reader = response.body!.getReader()
  // Cancelling wakes a read that waits, also where a `fetch` of the application's own knows nothing of signals.
  signal.addEventListener('abort', () => void reader.cancel().catch(() => {}))
  while (true) {
    const piece = await orFail('network', 'The connection broke:', () => reader.read())
    if (signal.aborted) throw signal.reason
    if (piece.done) throw new Failure('ended', 'The server ended the stream.')
    watchdog.hear()
    const failure = feed(parser, decoder.decode(piece.value, { stream: true }))
    const blocks = arrived
    arrived = []
    for (const block of blocks) {
      const pending = onBlock(block)
      if (pending !== undefined) {
        // A handler that takes its time is no silence of the server's.
        watchdog.isHeld = true
        await pending
        watchdog.isHeld = false
        watchdog.hear()
      }
      if (signal.aborted) throw signal.reason
    }
    if (failure !== undefined) {
      void reader.cancel().catch(() => {})
      throw failure
    }
  }
}

function feed(parser: Parser, text: string): Failure | undefined {
  try {
    parser.feed(text)
    return undefined
  } catch (error) {
    if (error instanceof EventTooLargeError) return new Failure('too-large', error.message)
    throw error
  }
}
