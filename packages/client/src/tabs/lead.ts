import type { Block } from '../stream/block.ts'
import { Link } from '../stream/link.ts'
import type { Settings } from '../stream/settings.ts'
import type { Answer } from '../stream/topics.ts'
import type { News } from './message.ts'

/** The connection that the leader holds for all tabs. */
export class Lead {
  readonly #reign: number
  readonly #proclaim: (news: News) => void
  readonly #link: Link
  readonly #topics: Map<string, Answer>
  /** What arrived in this turn, and the place before it. */
  #blocks: Block[] = []
  #after: string
  #isOtherwise = false

  /**
   * @param topics what all tabs want: in force from the start, since what the connection begins with is.
   * @param proclaim is given what the connection brings, for all tabs: its own too.
   */
  constructor(
    reign: number,
    options: Settings,
    topics: Iterable<string>,
    place: string,
    proclaim: (news: News) => void,
    awaySinceMs: number | undefined,
  ) {
    this.#reign = reign
    this.#proclaim = proclaim
    this.#after = place
    this.#topics = new Map([...topics].map((topic) => [topic, true]))
    const listener = {
      onBlock: (block: Block) => {
        this.#flushSoon()
        this.#blocks.push(block)
        return undefined
      },
      onChange: () => this.tell(),
    }
    this.#link = new Link(options, () => place, listener, awaySinceMs)
    this.#link.tell('open')
  }

  reconnect(): void {
    this.#link.tell('reconnect')
  }

  /** A tab is seen again, or has a network again: this one may be hidden, and told of neither. */
  wake(): void {
    this.#link.wake()
  }

  /** Wants these topics, and no others. */
  want(topics: ReadonlySet<string>): void {
    for (const topic of this.#topics.keys()) {
      if (topics.has(topic)) continue
      this.#topics.delete(topic)
      this.#link.remove([topic])
      this.tell()
    }
    const added = [...topics].filter((topic) => !this.#topics.has(topic))
    if (added.length === 0) return
    for (const topic of added) this.#topics.set(topic, undefined)
    this.#link.add(added)
    this.tell()
  }

  /** Tells all tabs how the connection is. */
  tell(): void {
    this.#flushSoon()
    this.#isOtherwise = true
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  /** One message for all that comes in one piece. */
  #flushSoon(): void {
    if (this.#blocks.length === 0 && !this.#isOtherwise) queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    const after = this.#after
    const blocks = this.#blocks
    // Whoever wanted a topic that is refused is told so: it is not the others' trouble.
    const { status } = this.#link
    // What was granted once stays granted: the next connection goes on where the last one was.
    for (const [topic, answer] of this.#topics) this.#topics.set(topic, answer ?? this.#link.answer(topic))
    const trouble = status.trouble?.code === 'topics' ? undefined : status.trouble
    const condition = this.#isOtherwise ? { status: { ...status, trouble }, topics: this.#topics } : undefined
    this.#after = blocks.at(-1)?.place ?? after
    this.#blocks = []
    this.#isOtherwise = false
    this.#proclaim({ type: 'news', reign: this.#reign, after, blocks, condition })
  }
}
