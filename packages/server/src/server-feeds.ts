import { checkEvent } from '@tidings/protocol'
import type { Hub } from './hub/hub.ts'
import type { EventLog } from './log/event-log.ts'

/** How often the server's own topics are sampled. */
const intervalMs = 2_000

/** A topic of the server's own (PROTOCOL §2.3). */
export interface ServerFeed {
  readonly topic: string
  readonly type: string
  /** Measures now. */
  sample(): unknown
}

/**
 * Publishes samples to the server's own topics, each only while somebody listens to it.
 * @returns stops it.
 */
export function startServerFeeds(log: EventLog, hub: Hub, feeds: readonly ServerFeed[]): () => void {
  const timers = new Map<string, NodeJS.Timeout>()
  for (const feed of feeds) {
    const publish = () => {
      const { topic, type } = feed
      // A sample that could not be stored is of no use later.
      log.append([checkEvent({ topic, type, data: feed.sample() }, true)]).catch(() => {})
    }
    hub.watch(feed.topic, (isWanted) => {
      clearInterval(timers.get(feed.topic))
      timers.delete(feed.topic)
      if (!isWanted) return
      publish()
      timers.set(feed.topic, setInterval(publish, intervalMs))
    })
  }
  return () => {
    for (const timer of timers.values()) clearInterval(timer)
  }
}
