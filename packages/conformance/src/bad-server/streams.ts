import type { OutgoingHttpHeaders } from 'node:http'
import type { Behaviour, Body, Exchange } from './exchange.ts'

/**
 * How a stream goes on after its last byte: `open`: it stays open, silent; `end`: the answer ends in order;
 * `hang-up`: the connection is closed without the end of the answer; `reset`: it is reset.
 */
export type Ending = 'open' | 'end' | 'hang-up' | 'reset'

/** How a stream is sent. */
export interface StreamOptions {
  /** `open`, if absent. */
  readonly ending?: Ending | undefined
  /** More headers, or other values for the usual ones. */
  readonly headers?: OutgoingHttpHeaders | undefined
}

/** A good stream: the body, then it stays open. */
export function stream(body: Body, options: StreamOptions = {}): Behaviour {
  return streamInPieces([body], options)
}

/** A stream whose pieces leave one after another, each as a chunk of its own. */
export function streamInPieces(
  pieces: readonly Body[],
  { ending = 'open', headers = {} }: StreamOptions = {},
): Behaviour {
  return async (exchange) => {
    exchange.streamHead(headers)
    for (const piece of pieces) await exchange.write(piece)
    finish(exchange, ending)
  }
}

/** 200, the right headers, and at once the end. */
export function emptyStream(): Behaviour {
  return stream('', { ending: 'end' })
}

/** The first `bytes` bytes of a stream, then the end, in order: the last block may be cut in half. */
export function halfEvent(body: Body, bytes: number): Behaviour {
  return stream(firstBytes(body, bytes), { ending: 'end' })
}

/** The first `bytes` bytes of a stream, then the connection is closed without the end of the answer. */
export function brokenOff(body: Body, bytes: number): Behaviour {
  return stream(firstBytes(body, bytes), { ending: 'hang-up' })
}

/** The first `bytes` bytes of a stream, then a reset. */
export function resetAfter(body: Body, bytes: number): Behaviour {
  return stream(firstBytes(body, bytes), { ending: 'reset' })
}

/** A reset after the first `bytes` bytes of the answer's head; 0: before any byte. */
export function resetInHead(bytes: number): Behaviour {
  return async (exchange) => {
    const lines = `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${exchange.commonHeaderLines}\r\n`
    await exchange.writeRaw(lines.slice(0, bytes))
    exchange.reset()
  }
}

/** Every place at which a body can be cut: 0 to its length in bytes. */
export function cutsOf(body: Body): number[] {
  return Array.from({ length: Buffer.byteLength(body) + 1 }, (_, bytes) => bytes)
}

function firstBytes(body: Body, bytes: number): Uint8Array {
  return Buffer.from(body).subarray(0, bytes)
}

function finish(exchange: Exchange, ending: Ending): void {
  if (ending === 'end') exchange.end()
  else if (ending === 'hang-up') exchange.hangUp()
  else if (ending === 'reset') exchange.reset()
}
