import type { ConnectOptions } from './options.ts'
import type { Schemas } from './schema.ts'
import { resolveUrl } from './server-base.ts'
import { EventStream } from './stream/event-stream.ts'
import { Link } from './stream/link.ts'
import type { TypedStream } from './stream.ts'
import { SharedFeed } from './tabs/shared-feed.ts'

/**
 * Opens a stream of events: of a Tidings server, or of any other that speaks Server-Sent Events.
 *
 * It comes back by itself after everything that passes, from the place up to which events were handled, and says
 * in `status` what it is doing. It connects at once, and handlers that are given in the same turn miss nothing.
 * @throws TypeError if `url` is relative, and there is no page that it could be relative to.
 */
export function connect<Events extends Schemas = Record<never, never>>(
  options: ConnectOptions<Events> = {},
): TypedStream<Events> {
  resolveUrl(options.url ?? '/events')
  const isShared = Boolean(options.shared) && canShare()
  return new EventStream(options, (...parts) =>
    isShared ? new SharedFeed(...parts) : new Link(...parts),
  ) as TypedStream<Events>
}

/** Whether this place has what tabs need to share a connection. Pages that are not secure have no locks. */
function canShare(): boolean {
  return globalThis.navigator?.locks !== undefined && globalThis.BroadcastChannel !== undefined
}
