import { type IncomingMessage, ServerResponse } from 'node:http'
import { type Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Frame } from '../hub/frame.ts'
import { Http2Sink } from './sink/http2-sink.ts'
import type { Sink, SinkOwner } from './sink/sink.ts'
import { SocketSink } from './sink/socket-sink.ts'
import { takeOver } from './sink/take-over.ts'
import { WritableSink } from './sink/writable-sink.ts'

/** A request as Node has it. */
export type NodeRequest = IncomingMessage | Http2ServerRequest

/** A response as Node has it. */
export type NodeResponse = ServerResponse | Http2ServerResponse

/** The headers of every stream (PROTOCOL §5.2). */
export const streamHeaders = Object.freeze({
  'Content-Type': 'text/event-stream; charset=utf-8',
  // no-transform: a proxy that compresses would hold events back to fill its window.
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
})

/** Sends the head of a stream, with whatever headers the response has already. */
export function sendHead(response: NodeResponse): void {
  // The connection ends with the stream; saying so also keeps Node from announcing a keep-alive time-out.
  if (response instanceof ServerResponse) {
    response.shouldKeepAlive = false
    response.writeHead(200, streamHeaders)
  } else {
    response.writeHead(200, streamHeaders)
  }
}

/** The sink of a response whose head is set: its socket itself, if nothing speaks against it. */
export function openSink(response: NodeResponse, owner: SinkOwner, stallMs: number): Sink {
  if (response instanceof ServerResponse) {
    const taken = takeOver(response)
    if (taken !== undefined) return new SocketSink(taken.socket, owner, taken.isChunked, stallMs)
    response.flushHeaders()
  } else if (response.write === Http2ServerResponse.prototype.write) {
    return new Http2Sink(response.stream, owner, stallMs)
  }
  return new WritableSink(response, owner, stallMs)
}

/** Answers with a stream that says one thing, or nothing, and ends. */
export function respondOnce(response: NodeResponse, frame?: Frame): void {
  sendHead(response)
  if (frame === undefined) response.end()
  else response.end(frame.bare)
}

/** Whether the client is gone already. A response says so only once, so that later nobody would notice. */
export function isOver(response: NodeResponse): boolean {
  return response instanceof ServerResponse ? response.destroyed : response.stream.destroyed
}
