import type { TidingsStream } from '@tidings/client'
import type { Stop } from './observer.ts'

/** A topic that somebody wants. */
interface Wanted {
  count: number
  readonly ready: Promise<void>
}

/**
 * The topics that parts of a page want, each counted. The stream is told of the first that wants a topic and of the
 * last that no longer does, and not of one that leaves while another comes: that would be two requests for nothing.
 */
export class WantedTopics {
  readonly #stream: TidingsStream
  readonly #wanted = new Map<string, Wanted>()

  constructor(stream: TidingsStream) {
    this.#stream = stream
  }

  /**
   * Wants topics until the function that it returns is called.
   * @param onReady called once the stream has them all, so that all their later events arrive; or once it is known that
   * it never will, which its status explains.
   */
  want(topics: readonly string[], onReady: () => void = () => {}): Stop {
    const added = [...new Set(topics)].filter((topic) => !this.#wanted.has(topic))
    if (added.length > 0) {
      const ready = this.#stream.add(...added).catch(() => {})
      for (const topic of added) this.#wanted.set(topic, { count: 0, ready })
    }
    const wanted = topics.map((topic) => this.#wanted.get(topic)!)
    for (const each of wanted) each.count++
    let isWanted = true
    void Promise.all(wanted.map(({ ready }) => ready)).then(() => {
      if (isWanted) onReady()
    })
    return () => {
      if (isWanted) queueMicrotask(() => this.#release(topics))
      isWanted = false
    }
  }

  #release(topics: readonly string[]): void {
    const removed: string[] = []
    for (const topic of topics) {
      const wanted = this.#wanted.get(topic)!
      wanted.count--
      if (wanted.count > 0) continue
      this.#wanted.delete(topic)
      removed.push(topic)
    }
    if (removed.length > 0) this.#stream.remove(...removed)
  }
}
