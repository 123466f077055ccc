/** A stream of events as it comes over the wire, cut into pieces. */
export interface Stream {
  readonly title: string
  readonly pieces: readonly string[]
  readonly events: number
  /** Bytes of all pieces. */
  readonly bytes: number
}

/** What a socket hands over at once, in characters. */
const pieceSize = 65_536

/** Every kind of stream that parsers are compared on. */
export function makeStreams(isQuick: boolean): Stream[] {
  const many = isQuick ? 20_000 : 100_000
  return [
    make('small events: id and data', many, small),
    make('small events as Tidings sends them: event, id, topic, time, data', many, asTidings),
    make('small events, lines that end in CRLF', many, (index) => small(index).replaceAll('\n', '\r\n')),
    make('large data: 256 KiB in one line', many / 2_500, () => `data: ${'x'.repeat(262_144)}\n\n`),
    make('multi-line data: 50 lines of 60 characters', many / 50, manyLines),
    make('small events in pieces of one character', many / 20, small, 1),
  ]
}

/** One event as a Tidings server sends it. */
export function asTidings(index: number): string {
  const id = `k3v9x0a1b2.${index.toString(36)}.x9k2m`
  const data = `{"order":${index},"state":"shipped"}`
  return `event: order\nid: ${id}\ntopic: orders/${index % 100}\ntime: ${1_763_712_000_000 + index}\ndata: ${data}\n\n`
}

function small(index: number): string {
  return `id: ${index}\ndata: {"order":${index},"state":"shipped"}\n\n`
}

function manyLines(index: number): string {
  return `${`data: line of event ${index} `.padEnd(66, '.')}\n`.repeat(50).concat('\n')
}

function make(title: string, events: number, event: (index: number) => string, size = pieceSize): Stream {
  const text = Array.from({ length: events }, (_, index) => event(index)).join('')
  const pieces: string[] = []
  // Through bytes and back: what a decoder makes is flat, and of one byte a character, like what arrives.
  const decoder = new TextDecoder()
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; at += size)
    pieces.push(decoder.decode(bytes.subarray(at, at + size), { stream: true }))
  return { title, pieces, events, bytes: bytes.length }
}
