import { Frame } from './frame.ts'
import type { Interest } from './interest.ts'
import type { TailEvent } from './tail-event.ts'
import type { TopicIndex } from './topic-index.ts'

/** The events of one batch that an interest wants, in order: a path in a tree, so that equal ones are one. */
export class Selected {
  /** The newest event of the selection. */
  readonly event: TailEvent | undefined
  readonly #before: Selected | undefined
  #next: Selected | undefined
  #frame: Frame | undefined

  constructor(before?: Selected, event?: TailEvent) {
    this.#before = before
    this.event = event
  }

  /**
   * This selection and one more event. Events come in order: all who extend this selection by one do so
   * before the next is looked at, so that remembering a single successor finds them all.
   */
  with(event: TailEvent): Selected {
    if (this.#next?.event !== event) this.#next = new Selected(this, event)
    return this.#next
  }

  /** The bytes of the selection, joined at the first call. */
  get frame(): Frame {
    if (this.#frame === undefined) {
      const frames: Frame[] = []
      for (let at: Selected | undefined = this; at?.event !== undefined; at = at.#before) {
        frames.push(at.event.frame)
      }
      this.#frame = Frame.join(frames.reverse())
    }
    return this.#frame
  }
}

/** Finds what each interest wants of a batch: one look at the index for each event, none for each stream. */
export function fanOut(index: TopicIndex<Interest>, batch: readonly TailEvent[]): Map<Interest, Selected> {
  const nothing = new Selected()
  const selected = new Map<Interest, Selected>()
  for (const event of batch) {
    index.forEach(event.topic, (interest) => {
      const before = selected.get(interest) ?? nothing
      // Several of its patterns may hold the topic.
      if (before.event === event || !interest.takes(event.topic, event.type)) return
      selected.set(interest, before.with(event))
    })
  }
  return selected
}
