import { encodeBlock, type TopicSet } from '@tidings/protocol'
import { Frame } from '../hub/frame.ts'
import type { Hub } from '../hub/hub.ts'
import type { Interest } from '../hub/interest.ts'
import type { StoredEvent } from '../log/event-log.ts'

/** Past events of a detour. */
export interface Stretch {
  /** The bytes to send; absent if nothing on the way was wanted. */
  readonly frame: Frame | undefined
  /** The number that the detour has come to. */
  readonly reached: number
  readonly isEnd: boolean
  /** How many events, at most, retention has taken before they were read. */
  readonly missed: number
}

/**
 * How a topic that was added to an open stream is caught up with (§5.8): its past events up to where the stream
 * stands, while the stream waits there. They go out without ids, since the client's last id must not move back: it
 * would get everything else again when it came back with one of these.
 */
export class Detour {
  /** The number after which it goes on. */
  place: number
  readonly #hub: Hub
  readonly #added: TopicSet
  /** What the stream had wanted before, and so has had. */
  readonly #had: TopicSet
  readonly #upTo: number

  constructor(
    hub: Hub,
    added: TopicSet,
    had: TopicSet,
    range: { readonly after: number; readonly upTo: number },
  ) {
    this.#hub = hub
    this.#added = added
    this.#had = had
    this.place = range.after
    this.#upTo = range.upTo
  }

  /**
   * Reads on. The detour itself moves only when its stream has sent what was read, and says so with `place`.
   * @param interest what the stream wants and may read now, which may have changed since.
   */
  async read(interest: Interest): Promise<Stretch> {
    const { types } = interest.wanted
    const selection = types === undefined ? { topics: this.#added } : { topics: this.#added, types }
    const past = await this.#hub.past(selection, this.place, this.#upTo)
    const events = past.events.filter(
      ({ topic, type }) => !this.#had.has(topic) && interest.wants(topic, type),
    )
    return {
      frame: events.length === 0 ? undefined : Frame.of(events.map(encode).join(''), events.length),
      reached: past.reached,
      isEnd: past.isEnd || past.reached >= this.#upTo,
      missed: Math.max(0, past.floor - this.place),
    }
  }
}

function encode({ type, topic, time, payload }: StoredEvent): string {
  return encodeBlock({ type, topic, timeMs: time, data: payload })
}
