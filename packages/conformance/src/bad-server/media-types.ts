import type { Behaviour, Body } from './exchange.ts'
import { type Ending, stream } from './streams.ts'

/** Values of `Content-Type` that are an event stream, however odd they look. */
export const goodMediaTypes: readonly string[] = [
  'text/event-stream',
  'text/event-stream;charset=utf-8',
  'text/event-stream; charset=UTF-8',
  'text/event-stream;charset=iso-8859-1',
  'text/event-stream; charset=windows-1252',
  'text/event-stream; charset="utf-8"',
  'text/event-stream;',
  'text/event-stream;;',
  'text/event-stream ; charset=utf-8',
  'text/event-stream;foo=bar;charset=utf-8',
  'TEXT/EVENT-STREAM',
  'Text/Event-Stream; Charset=utf-8',
  'text/event-stream\t;charset=utf-8',
  // As it arrives where two of a chain of servers have said it.
  'text/event-stream, text/event-stream',
  'text/html, text/event-stream',
]

/** Values of `Content-Type` that are none, however close they come. */
export const wrongMediaTypes: readonly string[] = [
  'text/plain',
  'text/html; charset=utf-8',
  'application/json',
  'text/event-streams',
  'text/event-stream2',
  'text/event',
  'application/event-stream',
  'text/x-event-stream',
  'text/event stream',
  'text / event-stream',
  'text/plain; text/event-stream',
  'x text/event-stream',
  'text/event-stream, text/html',
]

/** A stream that is good but for its media type; `undefined`: it has none. */
export function mediaType(type: string | undefined, body: Body, ending: Ending = 'open'): Behaviour {
  if (type !== undefined) return stream(body, { headers: { 'Content-Type': type }, ending })
  return async (exchange) => {
    exchange.head(200)
    await exchange.write(body)
    if (ending === 'end') exchange.end()
  }
}
