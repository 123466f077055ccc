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
  /** How often this tab has looked since it heard the leader. */
  #looks = 0

  constructor(name: string, listener: ElectionListener) {
    this.#name = name
    this.#listener = listener
    // Not all tabs at once: one that robs the leader is enough.
    this.#timer = setInterval(() => this.#look(), pingMs + 1_000 * Math.random())
    this.#stand()
  }

  /** The leader was heard. */
  hear(): void {
    this.#looks = 0
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
      .catch(({ name }: Error) => {
        if (end.signal.aborted) return
        // A frame that may have no locks shares with nobody.
        if (name !== 'AbortError') return void this.#lead(end)
        // Another tab took this one for frozen, and was right: the lead is lost.
        end.abort()
        this.#stand()
      })
  }

  #lead(end: AbortController): Promise<void> | undefined {
    if (end.signal.aborted) return undefined
    this.#isLeader = true
    this.#listener.onElected(end.signal)
    return aborted(end.signal).then(() => {
      this.#isLeader = false
    })
  }

  /** Counts questions, not time: a tab that was frozen itself has heard nothing, and must ask before it judges. */
  #look(): void {
    if (this.#isLeader) return
    this.#looks++
    if (this.#looks > pingsAtMost + 1) {
      this.hear()
      this.#end.abort()
      this.#stand(true)
    } else if (this.#looks > 1) this.#listener.onQuiet()
  }
}

/** Resolves when a signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
}
