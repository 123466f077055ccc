import type { ConnectOptions } from './options.ts'
import type { Schemas } from './schema.ts'
import { resolveUrl } from './server-base.ts'
import { EventStream } from './stream/event-stream.ts'
import type { Feed, OpenFeed } from './stream/feed.ts'
import { Link } from './stream/link.ts'
import type { Settings } from './stream/settings.ts'
import type { TypedStream } from './stream.ts'
import { LateFeed } from './tabs/late-feed.ts'

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
  const settings: Settings = {
    ...options,
    url: resolveUrl(options.url),
    // Copies: they are asked for with each connection, and many an iterable can be asked but once.
    topics: [...(options.topics ?? [])],
    types: [...(options.types ?? [])],
  }
  return new EventStream(
    settings,
    options.shared && canShare() ? openShared : openAlone,
  ) as TypedStream<Events>
}

const openAlone: OpenFeed = (...parts) => new Link(...parts)

/** Most streams are not shared: what only tabs need is loaded by those that share. */
const openShared: OpenFeed = (...parts) =>
  new LateFeed(
    async () => {
      try {
        const { SharedFeed } = await import('./tabs/shared-feed.ts')
        return (): Feed => new SharedFeed(...parts)
      } catch {
        // It is not to be had, or this is a service worker, which may load nothing: as where there are no locks.
        return () => openAlone(...parts)
      }
    },
    () => parts[2].onChange(),
  )

/** Whether this place has what tabs need to share a connection. Pages that are not secure have no locks. */
function canShare(): boolean {
  return globalThis.navigator?.locks !== undefined && globalThis.BroadcastChannel !== undefined
}
