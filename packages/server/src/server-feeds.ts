import { checkEvent } from '@tidings/protocol'
import type { Hub } from './hub/hub.ts'
import type { EventLog } from './log/event-log.ts'

/** What a feed has to tell at one moment. */
export interface Sample {
  readonly type: string
  /** Any JSON. */
  readonly data: unknown
}

/** A topic of the server's own (PROTOCOL §2.3). */
export interface ServerFeed {
  readonly topic: string
  /** How often it is sampled. */
  readonly intervalMs: number
  /** Measures now; the events of one sample are stored together. */
  sample(): readonly Sample[]
}

/**
 * Publishes samples to the server's own topics, each only while somebody listens to it.
 * @param isOn asked before each sample.
 * @returns stops it.
 */
export function startServerFeeds(
  log: EventLog,
  hub: Hub,
  feeds: readonly ServerFeed[],
  isOn: () => boolean = () => true,
): () => void {
  const stops = feeds.map((feed) => startFeed(log, hub, feed, isOn))
  return () => {
    for (const stop of stops) stop()
  }
}

function startFeed(log: EventLog, hub: Hub, feed: ServerFeed, isOn: () => boolean): () => void {
  const { topic, intervalMs } = feed
  let timer: NodeJS.Timeout | undefined
  let isStoring = false
  const publish = () => {
    // Samples must not pile up before a slow disk: what is late is of no use.
    if (isStoring || !isOn()) return
    isStoring = true
    const events = feed.sample().map(({ type, data }) => checkEvent({ topic, type, data }, true))
    const settled = () => {
      isStoring = false
    }
    // Nor is one of use later that could not be stored.
    log.append(events).then(settled, settled)
  }
  const stopWatching = hub.watch(topic, (isWanted) => {
    clearInterval(timer)
    if (!isWanted) return
    publish()
    timer = setInterval(publish, intervalMs)
  })
  return () => {
    stopWatching()
    clearInterval(timer)
  }
}
