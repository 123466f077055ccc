import { checkTopic, type TopicSet } from '@tidings/protocol'

/** Who is told whether anybody listens to a topic. */
interface Watcher {
  readonly topic: string
  /** What it was told last. */
  isWanted: boolean
  readonly onChange: (isWanted: boolean) => void
}

/** Those who make events, and rest while nobody looks. */
export class Watchers {
  readonly #isHeard: (topic: string) => boolean
  readonly #all = new Set<Watcher>()

  /** @param isHeard whether anybody listens to a topic now. */
  constructor(isHeard: (topic: string) => boolean) {
    this.#isHeard = isHeard
  }

  /**
   * Calls back when a topic finds its first listener, and when it loses its last; at once, if it has one already.
   * @returns stops it.
   * @throws TidingsError `invalid_topic`.
   */
  add(topic: string, onChange: (isWanted: boolean) => void): () => void {
    const watcher: Watcher = { topic: checkTopic(topic), isWanted: false, onChange }
    this.#all.add(watcher)
    this.#tell(watcher)
    return () => this.#all.delete(watcher)
  }

  /** Somebody has come to these topics, or has left them. */
  notice(topics: TopicSet): void {
    for (const watcher of this.#all) if (topics.has(watcher.topic)) this.#tell(watcher)
  }

  #tell(watcher: Watcher): void {
    const isWanted = this.#isHeard(watcher.topic)
    if (isWanted === watcher.isWanted) return
    watcher.isWanted = isWanted
    watcher.onChange(isWanted)
  }
}
