import { inboxLimit } from '../bounds.ts'
import type { ConnectOptions } from '../options.ts'
import type { Return } from '../status.ts'
import type { Block } from '../stream/block.ts'
import type { FeedListener } from '../stream/feed.ts'
import type { Link, LinkStatus } from '../stream/link.ts'
import { createCatchUp } from './catch-up.ts'
import { Inbox } from './inbox.ts'
import type { Blocks } from './message.ts'

/** Where one tab stands in the shared stream: what it has, what waits for its handlers, and how it gets what it lacks. */
export class Standing {
  readonly #options: ConnectOptions
  readonly #listener: FeedListener
  readonly #inbox: Inbox
  /** Where the shared stream stands, as far as this tab has heard; `undefined` before it has. */
  #chain: string | undefined
  /** What arrives while this tab catches up; `undefined` while it does not. */
  #later: Block[] | undefined
  #isLaterFull = false
  #catchUp: Link | undefined
  #catchingUp: Promise<void> = Promise.resolve()
  #isOut = false
  /** Since when this tab is without a stream, in milliseconds since 1970. */
  #awaySinceMs: number | undefined
  /** The last return of this tab alone. */
  returned: Return | undefined

  /** @param options whose topics are a set that may change. */
  constructor(options: ConnectOptions, place: string, listener: FeedListener) {
    this.#options = options
    this.#listener = listener
    this.#inbox = new Inbox(place, (block) => listener.onBlock(block))
  }

  /** The connection of this tab's own, while it catches up. */
  get catchUp(): LinkStatus | undefined {
    return this.#later === undefined ? undefined : this.#catchUp?.status
  }

  /** Where a leader begins: where it has heard that the stream stands. */
  lead(): { place: string; awaySinceMs: number | undefined } {
    this.#chain ??= this.#inbox.place
    return { place: this.#chain, awaySinceMs: this.#awaySinceMs }
  }

  /** Takes part no more, for now. */
  leave(): void {
    this.#isOut = true
    this.#awaySinceMs = Date.now()
    this.#chain = undefined
    void this.#catchUp?.close()
  }

  /** Takes part again. Resolves when what was under way has ended. */
  async enter(): Promise<void> {
    await this.#catchingUp
    this.#isOut = false
  }

  /** Resolves when no handler is called any more. */
  async idle(): Promise<void> {
    await this.#catchingUp
    await this.#inbox.idle()
  }

  reconnect(): void {
    this.#catchUp?.tell('reconnect')
  }

  /**
   * Joins the shared stream at a place, if this tab does not stand there already.
   * @param isTidings only Tidings can be asked for what comes after a place, and says when that was all.
   */
  attach(place: string, isTidings: boolean): void {
    if (this.#chain === place) return
    const mine = this.#chain ?? this.#inbox.place
    const isMissing = mine !== '' || (this.#chain === undefined && (this.#options.last ?? 0) > 0)
    this.#chain = place
    if (isTidings && isMissing && mine !== place) this.#goBack()
  }

  /** Takes what a leader has brought. */
  take({ after, blocks }: Blocks, isTidings: boolean): void {
    this.attach(after, isTidings)
    this.#chain = blocks.at(-1)!.place
    if (this.#later === undefined) {
      if (!this.#inbox.push(blocks)) this.#goBack()
    } else if (this.#later.length + blocks.length > inboxLimit) this.#isLaterFull = true
    else this.#later.push(...blocks)
  }

  /** Catches up from where this tab stands, and goes on with what the leader has brought meanwhile. */
  #goBack(): void {
    this.#isLaterFull = true
    if (this.#later !== undefined) return
    this.#later = []
    this.#catchingUp = this.#catchAllUp().then(() => {
      const later = this.#later!
      this.#later = undefined
      // What came both ways is known by its id.
      if (!this.#isOut) this.#inbox.push(later)
      this.#listener.onChange()
    })
  }

  async #catchAllUp(): Promise<void> {
    while (this.#isLaterFull && !this.#isOut) {
      await this.#inbox.idle()
      this.#later = []
      this.#isLaterFull = false
      await this.#catchUpOnce()
    }
  }

  #catchUpOnce(): Promise<void> {
    return new Promise((resolve) => {
      const link = createCatchUp(this.#options, this.#inbox.place, this.#awaySinceMs, {
        onBlock: (block) => this.#inbox.deliver(block),
        onChange: () => {
          const { state, returned } = link.status
          if (state === 'idle') {
            this.#awaySinceMs = undefined
            this.returned = returned ?? this.returned
            resolve()
          }
          this.#listener.onChange()
        },
      })
      this.#catchUp = link
      link.tell('open')
      if (this.#isOut) void link.close()
    })
  }
}
