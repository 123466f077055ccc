import { inboxLimit } from '../bounds.ts'
import type { Return } from '../status.ts'
import type { Block } from '../stream/block.ts'
import type { FeedListener } from '../stream/feed.ts'
import type { Link, LinkStatus } from '../stream/link.ts'
import type { Settings } from '../stream/settings.ts'
import { createCatchUp } from './catch-up.ts'
import { Inbox } from './inbox.ts'
import type { News } from './message.ts'
import type { Wishes } from './wishes.ts'

/** Where one tab stands in the shared stream: what it has, what waits for its handlers, and how it gets what it lacks. */
export class Standing {
  readonly #options: Settings
  readonly #wishes: Wishes
  readonly #listener: FeedListener
  readonly #inbox: Inbox
  /** Where the shared stream stands, as far as this tab has taken it in; `undefined` while it does not follow. */
  #chain: string | undefined
  /** What arrives while this tab catches up; `undefined` while it does not. */
  #later: Block[] | undefined
  /** Something is missing in what arrives meanwhile: when this tab has caught up, it has to once more. */
  #isLaterTorn = false
  #catchUp: Link | undefined
  #catchingUp: Promise<void> = Promise.resolve()
  #isOut = false
  /** Since when this tab is without a stream, in milliseconds since 1970. */
  awaySinceMs: number | undefined
  /** The last return of this tab alone. */
  #returned: Return | undefined

  constructor(options: Settings, wishes: Wishes, place: string, listener: FeedListener) {
    this.#options = { ...options, topics: wishes.granted }
    this.#wishes = wishes
    this.#listener = listener
    this.#inbox = new Inbox(place, (block) => listener.onBlock(block))
  }

  /** What this tab makes of the leader's status: who is behind is not live, however well the leader does. */
  view(status: LinkStatus): LinkStatus {
    const own = this.#returned
    const returned = (own?.atMs ?? 0) > (status.returned?.atMs ?? 0) ? own : status.returned
    const isBehind = this.#chain === undefined || this.#later !== undefined
    if (!isBehind || status.state !== 'live' || status.clientId === undefined) return { ...status, returned }
    const catchUp = this.#later && this.#catchUp?.status
    return catchUp?.trouble === undefined ? { ...status, returned, state: 'catching-up' } : catchUp
  }

  /** Where a leader begins: where the stream stands, as far as it has heard. */
  lead(): string {
    this.#chain ??= this.#inbox.place
    return this.#chain
  }

  /** Takes part no more, for now. */
  leave(): void {
    this.#isOut = true
    this.awaySinceMs = Date.now()
    this.#chain = undefined
    // A handler that pauses or closes the stream is its last one. What waited is asked for again, by whoever comes back.
    this.#inbox.clear()
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

  /** More is granted: while this tab catches up it has to with that too, or the order would be lost. */
  widen(): void {
    if (this.#later === undefined) return
    this.#isLaterTorn = true
    void this.#catchUp?.close()
  }

  /**
   * Takes what a leader has brought, if the tab stands where that begins. If not, it first goes there.
   * @param isWhole whether the stream has all that is granted; a tab does not follow one that has not.
   */
  take({ after, blocks }: News, { state, clientId }: LinkStatus, isWhole: boolean): void {
    if (this.#chain !== after || !isWhole) {
      this.#chain = undefined
      // A stream that is behind itself is waited for: to catch up with it is to be given the same again.
      if (!isWhole || state !== 'live') return
      // Only Tidings can be asked for what comes after a place, and says when that was all. Who it is, its first block says.
      if (clientId !== undefined) this.#goTo(after)
      else if (blocks.length === 0) return
    }
    this.#chain = blocks.at(-1)?.place ?? after
    const wanted = blocks.map((block) => this.#sieve(block))
    if (this.#later === undefined) {
      // Another server than Tidings cannot be asked again: all that it sends must wait here.
      if (!this.#inbox.push(wanted, clientId === undefined ? Infinity : inboxLimit)) this.#goBack()
    } else if (this.#later.length + blocks.length > inboxLimit) this.#isLaterTorn = true
    else this.#later.push(...wanted)
  }

  #sieve(block: Block): Block {
    return block.kind !== 'event' || this.#wishes.wants(block.topic)
      ? block
      : { kind: 'place', place: block.place }
  }

  /** Also from the very place where the stream stands: of topics that were added since then, it lacks what came between. */
  #goTo(place: string): void {
    // Who comes from nowhere begins here, and has a place from now on.
    if (this.#inbox.place === '' && !this.#options.last) this.#inbox.push([{ kind: 'place', place }])
    else this.#goBack()
  }

  /** Catches up from where this tab stands, and goes on with what the leader has brought meanwhile. */
  #goBack(): void {
    this.#isLaterTorn = true
    if (this.#later !== undefined) return
    this.#later = []
    this.#catchingUp = this.#catchAllUp().then(() => {
      const later = this.#later!
      this.#later = undefined
      // What came both ways is known by its id.
      if (!this.#isOut) {
        this.awaySinceMs = undefined
        this.#inbox.push(later)
      }
      this.#listener.onChange()
    })
  }

  async #catchAllUp(): Promise<void> {
    while (this.#isLaterTorn && !this.#isOut) {
      await this.#inbox.idle()
      this.#later = []
      this.#isLaterTorn = false
      await this.#catchUpOnce()
    }
  }

  #catchUpOnce(): Promise<void> {
    return new Promise((resolve) => {
      const link = createCatchUp(this.#options, this.#inbox.place, this.awaySinceMs, {
        onBlock: (block) => this.#inbox.deliver(this.#sieve(block)),
        onChange: () => {
          const { state, returned } = link.status
          if (state === 'idle') {
            this.#returned = returned ?? this.#returned
            // Its last handler may still be busy.
            void link.close().then(resolve)
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
