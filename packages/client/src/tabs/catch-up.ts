import type { ConnectOptions } from '../options.ts'
import type { Block } from '../stream/block.ts'
import { Link } from '../stream/link.ts'

/** What a catch-up is told. */
export interface CatchUpListener {
  onBlock(block: Block): Promise<void> | undefined
  onChange(): void
}

/**
 * A short connection of a tab's own, for what it missed of the shared stream: from its place until the server says
 * `live`, or that something is missing for good.
 */
export class CatchUp {
  readonly link: Link
  /** Resolves when the tab has caught up, or when it was closed. */
  readonly done: Promise<void>

  constructor(options: ConnectOptions, place: string, listener: CatchUpListener) {
    let finish = (): void => {}
    this.done = new Promise((resolve) => {
      finish = resolve
    })
    this.link = new Link(options, () => place, {
      onBlock: (block) => {
        const isEnd =
          block.kind === 'control' && (block.type === 'live' || (block.type === 'gap' && this.#isLive))
        // How this connection fares is nobody's business but its own. What is missing is everybody's.
        const isTold = block.kind === 'event' || (block.kind === 'control' && block.type === 'gap')
        const pending = isTold ? listener.onBlock(block) : undefined
        if (!isEnd) return pending
        return Promise.resolve(pending).then(() => {
          finish()
          void this.link.close()
        })
      },
      onChange: () => {
        if (this.link?.status.state === 'idle') finish()
        listener.onChange()
      },
    })
    this.link.tell('open')
  }

  get #isLive(): boolean {
    return this.link.status.state === 'live'
  }
}
