import type { Parser } from '../parser.ts'

/**
 * Feeds a parser with the body of an answer until it ends, or until `signal` aborts; then nothing more is read, and
 * the body is cancelled.
 * @throws whatever the network, the parser or its listener throws.
 */
export async function feedBody(
  parser: Parser,
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  // The parser takes the one byte order mark away that the standard has taken away; the decoder would take another.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const reader = body.getReader()
  const cancel = () => void reader.cancel().catch(() => {})
  signal.addEventListener('abort', cancel)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || signal.aborted) return
      parser.feed(decoder.decode(value, { stream: true }))
    }
  } finally {
    signal.removeEventListener('abort', cancel)
    // Without it a connection that nobody reads any more would stay open.
    cancel()
  }
}

/** Lets go of an answer whose body nobody wants: without it, its connection would stay open. */
export function discard(response: Response): void {
  void response.body?.cancel().catch(() => {})
}
