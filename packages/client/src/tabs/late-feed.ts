import type { Status } from '../status.ts'
import type { Feed } from '../stream/feed.ts'
import type { LinkStatus } from '../stream/link.ts'
import { initialState, next } from '../stream/stream-state.ts'
import type { Answer } from '../stream/topics.ts'

type Act = (feed: Feed) => void

/** A feed whose code is still being loaded: what is wished of it meanwhile is done when it is there. */
export class LateFeed implements Feed {
  #feed: Feed | undefined
  #acts: Act[] = []
  /** Until then it is what a link would be that gets no answer. */
  #state = initialState
  #isClosed = false
  readonly #onChange: () => void

  constructor(load: () => Promise<() => Feed>, onChange: () => void) {
    this.#onChange = onChange
    void load().then((open) => this.#arrive(open))
  }

  get status(): LinkStatus {
    const { run, notBeforeMs, ...state } = this.#state
    return this.#feed?.status ?? { ...state, clientId: undefined, returned: undefined }
  }

  get role(): Status['role'] {
    return this.#feed?.role ?? 'follower'
  }

  tell(type: 'open' | 'pause' | 'resume' | 'reconnect'): void {
    this.#let((feed) => feed.tell(type))
    this.#become(type)
  }

  add(topics: readonly string[]): void {
    this.#let((feed) => feed.add(topics))
  }

  answer(topic: string): Answer {
    return this.#feed?.answer(topic)
  }

  remove(topics: readonly string[]): void {
    this.#let((feed) => feed.remove(topics))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#become('close')
    await this.#feed?.close()
  }

  #let(act: Act): void {
    if (this.#feed === undefined) this.#acts.push(act)
    else act(this.#feed)
  }

  #become(type: 'open' | 'pause' | 'resume' | 'reconnect' | 'close'): void {
    if (this.#feed !== undefined) return
    this.#state = next(this.#state, { type, nowMs: Date.now() })
    this.#onChange()
  }

  #arrive(open: () => Feed): void {
    if (this.#isClosed) return
    this.#feed = open()
    for (const act of this.#acts.splice(0)) act(this.#feed)
    this.#onChange()
  }
}
