import { FetchStream } from './fetch-event-source/fetch-stream.ts'
import type { FetchEventSourceInit } from './fetch-event-source/init.ts'

export { EventStreamContentType } from './fetch-event-source/content-type.ts'
export type { EventSourceMessage, FetchEventSourceInit } from './fetch-event-source/init.ts'

/**
 * Reads a stream of events by `fetch`, with the signature and the meaning of `@microsoft/fetch-event-source`.
 *
 * @returns a promise that is fulfilled when the server has ended the stream and `onclose` has not thrown, or when
 *   `signal` aborts, and rejected with what `onerror` throws. Until then every failure is followed by another try.
 */
export function fetchEventSource(input: RequestInfo, init: FetchEventSourceInit = {}): Promise<void> {
  return new FetchStream(input, init).run()
}
