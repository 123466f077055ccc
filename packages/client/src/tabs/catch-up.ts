import type { FeedListener } from '../stream/feed.ts'
import { Link } from '../stream/link.ts'
import type { Settings } from '../stream/settings.ts'

/**
 * A short connection of a tab's own, for what it missed of the shared stream: from its place until the server says
 * `live`, or that something is missing for good. Then it closes itself, and is `idle`.
 */
export function createCatchUp(
  options: Settings,
  place: string,
  awaySinceMs: number | undefined,
  { onBlock, onChange }: FeedListener,
): Link {
  const listener: FeedListener = {
    onBlock(block) {
      const type = block.kind === 'control' ? block.type : block.kind
      const isEnd = type === 'live' || (type === 'gap' && link.status.state === 'live')
      // How this connection fares is nobody's business but its own. What is missing is everybody's.
      const pending = onBlock(
        type === 'event' || type === 'gap' ? block : { kind: 'place', place: block.place },
      )
      return isEnd ? Promise.resolve(pending).then(() => void link.close()) : pending
    },
    onChange,
  }
  const link = new Link(options, () => place, listener, awaySinceMs)
  return link
}
