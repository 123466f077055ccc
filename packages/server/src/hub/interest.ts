import type { Cursor, TopicSet } from '@tidings/protocol'
import type { Selection } from '../log/event-log.ts'
import type { Frame } from './frame.ts'

/** What a subscription wants, and what of it its caller may see. */
export interface Wanted {
  readonly topics: TopicSet
  /** Only these types; all, if absent. */
  readonly types?: ReadonlySet<string>
  /** Equal for two callers exactly if `mayRead` answers them the same. */
  readonly scope: string
  mayRead(topic: string): boolean
}

/** A stream, as the hub sees it. */
export interface Listener {
  /**
   * Sends what just happened to a stream that stands at the head.
   * @returns whether it stays there. If not, it has taken this, stands behind it, and reads on by itself.
   */
  deliver(frame: Frame): boolean
  /** The stream is no longer live: what just happened is too much for one write. It reads on from `place`. */
  fallBehind(place: Cursor): void
  /** The log began a new epoch: what was `from` is now `to`. */
  changeEpoch(from: Cursor, to: Cursor): void
}

/**
 * What one or many streams want. Streams with the same interest share every decision and every byte:
 * the hub works for each interest, and writes for each stream.
 */
export class Interest {
  readonly key: string
  readonly wanted: Wanted
  /** Every open stream with this interest. */
  readonly members = new Set<Listener>()
  /** Those that stand at the head. */
  readonly live = new Set<Listener>()
  /**
   * When the live ones were last sent something, in milliseconds of `performance.now`. One time for all of them:
   * a time in each would be one more write to memory for each delivery.
   */
  deliveredAt = 0
  #hasWarned = false

  constructor(key: string, wanted: Wanted) {
    this.key = key
    this.wanted = wanted
  }

  /** One spelling for equal wishes. */
  static keyOf(wanted: Wanted): string {
    // A list of no types wants nothing, and no list wants all.
    const types = wanted.types === undefined ? '' : `only ${[...wanted.types].sort()}`
    return `${wanted.scope}\n${types}\n${wanted.topics}`
  }

  /** What to ask of the log. `mayRead` is not in it: check each event that comes back with `takes`. */
  get selection(): Selection {
    const { topics, types } = this.wanted
    return types === undefined ? { topics } : { topics, types }
  }

  /** Whether an event is one of this interest. */
  wants(topic: string, type: string): boolean {
    return this.wanted.topics.has(topic) && this.takes(topic, type)
  }

  /** Whether an event of these topics is also of the type that is wanted, and allowed: live and replayed alike. */
  takes(topic: string, type: string): boolean {
    const { types } = this.wanted
    return (types === undefined || types.has(type)) && this.mayRead(topic)
  }

  /**
   * Whether its caller may read a topic now. An app's function that throws has not said so: its error is a warning of the
   * process, for it must not reach the log, which would take it for its own.
   */
  mayRead(topic: string): boolean {
    try {
      return this.wanted.mayRead(topic)
    } catch (error) {
      if (!this.#hasWarned)
        process.emitWarning(error instanceof Error ? error : 'mayRead threw what is no Error')
      this.#hasWarned = true
      return false
    }
  }
}
