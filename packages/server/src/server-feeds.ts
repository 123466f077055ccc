import { checkEvent } from '@tidings/protocol'
import { FeedTurn } from './feed-turn.ts'
import type { Hub } from './hub/hub.ts'
import type { EventLog } from './log/event-log.ts'
import type { Peers } from './peers/peers.ts'

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

/** Where feeds are published. */
export interface FeedGround {
  readonly log: EventLog
  readonly hub: Hub
  readonly peers: Peers
}

/**
 * Publishes samples to the server's own topics, each only while somebody listens to it, and in one of the processes
 * that serve the log.
 * @param isOn asked before each sample.
 * @returns stops it.
 */
export function startServerFeeds(
  ground: FeedGround,
  feeds: readonly ServerFeed[],
  isOn: () => boolean = () => true,
): () => void {
  const stops = feeds.map((feed) => startFeed(ground, feed, isOn))
  return () => {
    for (const stop of stops) stop()
  }
}

function startFeed({ log, hub, peers }: FeedGround, feed: ServerFeed, isOn: () => boolean): () => void {
  const { topic, intervalMs } = feed
  let timer: NodeJS.Timeout | undefined
  let isBusy = false
  const turn = new FeedTurn(peers, topic, () => timer !== undefined && isOn())
  const settled = () => {
    isBusy = false
  }
  const publish = async () => {
    // Samples must not pile up before a slow disk: what is late is of no use.
    if (isBusy || !isOn()) return
    isBusy = true
    const isOurs = turn.isOurs
    if (isOurs !== true && !(await isOurs)) return settled()
    const events = feed.sample().map(({ type, data }) => checkEvent({ topic, type, data }, true))
    // Nor is one of use later that could not be stored.
    log.append(events).then(settled, settled)
  }
  const stopWatching = hub.watch(topic, (isWanted) => {
    clearInterval(timer)
    timer = isWanted ? setInterval(publish, intervalMs) : undefined
    if (isWanted) void publish()
  })
  return () => {
    stopWatching()
    clearInterval(timer)
  }
}
