import { pingMs, pingsAtMost } from '../bounds.ts'

/** How a tab takes part in choosing a leader. */
export interface ElectionListener {
  /** This tab leads now, until `signal` aborts. */
  onElected(signal: AbortSignal): void
  /** Nothing was heard of the leader for a while. */
  onQuiet(): void
}

/** Chooses one tab among those of a browser that name the same lock: the browser hands it on when its holder is gone. */
export class Election {
  readonly #name: string
  readonly #listener: ElectionListener
  readonly #timer: ReturnType<typeof setInterval>
  /** Ends what this tab has asked for: its place in the queue, or its lead. */
  #end = new AbortController()
  #isLeader = false
  #unanswered = 0
  #wasHeard = true

  constructor(name: string, listener: ElectionListener) {
    this.#name = name
    this.#listener = listener
    this.#timer = setInterval(() => this.#look(), pingMs)
    this.#stand()
  }

  /** The leader was heard. */
  hear(): void {
    this.#wasHeard = true
    this.#unanswered = 0
  }

  /** Takes no part any more; who leads hands on. */
  close(): void {
    clearInterval(this.#timer)
    this.#end.abort()
  }

  #stand(steal = false): void {
    const end = new AbortController()
    this.#end = end
    // The interface has it that a lock is either stolen or waited for with a signal.
    const options: LockOptions = steal ? { steal } : { signal: end.signal }
    navigator.locks
      .request(this.#name, options, () => this.#lead(end))
      .catch(() => {
        if (end.signal.aborted) return
        // Another tab took this one for frozen, and was right: the lead is lost.
        end.abort()
        this.#stand()
      })
  }

  #lead(end: AbortController): Promise<void> | undefined {
    if (end.signal.aborted) return undefined
    this.#isLeader = true
    const ended = new Promise<void>((resolve) => {
      end.signal.addEventListener('abort', () => {
        this.#isLeader = false
        resolve()
      })
    })
    this.#listener.onElected(end.signal)
    return ended
  }

  /** Counts questions, not time: a tab that was frozen itself has heard nothing, and must ask before it judges. */
  #look(): void {
    if (this.#isLeader) return
    if (this.#wasHeard) this.#wasHeard = false
    else if (this.#unanswered < pingsAtMost) {
      this.#unanswered++
      this.#listener.onQuiet()
    } else {
      this.hear()
      this.#end.abort()
      this.#stand(true)
    }
  }
}
