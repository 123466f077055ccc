import type { ConnectOptions } from '../options.ts'
import type { Trouble } from '../status.ts'
import type { Block } from '../stream/block.ts'
import type { Failure } from '../stream/failure.ts'
import { Link } from '../stream/link.ts'
import type { Blocks, News } from './message.ts'

/** What a leader's connection brings, for all tabs: its own too. */
export type Proclaim = (message: News | Blocks) => void

/** The connection that the leader holds for all tabs. */
export class Lead {
  readonly #reign: number
  readonly #proclaim: Proclaim
  readonly #link: Link
  /** What arrived in this turn, and the place before it. */
  #batch: Block[] = []
  #after: string

  constructor(
    reign: number,
    options: ConnectOptions,
    place: string,
    proclaim: Proclaim,
    awaySinceMs: number | undefined,
  ) {
    this.#reign = reign
    this.#proclaim = proclaim
    this.#after = place
    const listener = { onBlock: (block: Block) => this.#collect(block), onChange: () => this.tell() }
    this.#link = new Link(options, () => place, listener, awaySinceMs)
  }

  open(): void {
    this.#link.tell('open')
  }

  reconnect(): void {
    this.#link.tell('reconnect')
  }

  remove(topics: readonly string[]): void {
    this.#link.remove(topics)
  }

  /** Wants these too; all in one request. Resolves with those that the server refuses, and why. */
  async add(topics: readonly string[]): Promise<{ refused: string[]; trouble: Trouble | undefined }> {
    let trouble: Trouble | undefined
    const refused: string[] = []
    const add = (topic: string): Promise<void> =>
      this.#link.add([topic]).catch((failure: Failure) => {
        refused.push(topic)
        trouble = failure.trouble
      })
    await Promise.all(topics.map(add))
    return { refused, trouble }
  }

  /** Tells all tabs how the connection is. */
  tell(): void {
    // Whoever wanted a topic that is refused is told so: it is not the others' trouble.
    const { trouble, ...status } = this.#link.status
    const shown = trouble?.code === 'topics' ? undefined : trouble
    this.#flush()
    this.#proclaim({
      type: 'news',
      reign: this.#reign,
      place: this.#after,
      status: { ...status, trouble: shown },
    })
  }

  async close(): Promise<void> {
    this.#flush()
    await this.#link.close()
  }

  #collect(block: Block): undefined {
    if (this.#batch.length === 0) queueMicrotask(() => this.#flush())
    this.#batch.push(block)
  }

  /** One message for all that came in one piece. */
  #flush(): void {
    const blocks = this.#batch
    if (blocks.length === 0) return
    this.#batch = []
    const after = this.#after
    this.#after = blocks.at(-1)!.place
    this.#proclaim({ type: 'blocks', reign: this.#reign, after, blocks })
  }
}
