import { isEventStream } from '../event-source/media-type.ts'

/** The media type of an event stream. */
export const EventStreamContentType = 'text/event-stream'

/**
 * What is done without an `onopen`.
 * @throws Error if the answer is no event stream.
 */
export function checkContentType(response: Response): void {
  const found = response.headers.get('content-type')
  if (!isEventStream(found)) {
    throw new Error(`Expected content-type to be ${EventStreamContentType}, Actual: ${found}`)
  }
}
