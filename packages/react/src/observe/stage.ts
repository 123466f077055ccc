import type { Stop } from './observer.ts'

/**
 * Decides which tab of a browser speaks. It is the one that is looked at: visible tabs ask for a lock that one at a time
 * can have, and a tab that gets the focus takes it. Where there are no locks (pages without TLS), every visible tab speaks.
 */
export class Stage {
  readonly #name: string
  #isOurs = false
  #onChange: () => void = () => {}
  #onShown: (ids: readonly string[]) => void = () => {}
  #channel: BroadcastChannel | undefined
  /** Gives the lock back, or stops waiting for it. */
  #leave: (() => void) | undefined

  /** @param name what tabs must have in common to be one browser's: the user. */
  constructor(name: string) {
    this.#name = `tidings:stage:${name}`
  }

  /** Whether this tab speaks. */
  get isOurs(): boolean {
    return this.#isOurs
  }

  /**
   * @param onChange called when `isOurs` changes.
   * @param onShown called with what another tab has shown.
   */
  enter(onChange: () => void, onShown: (ids: readonly string[]) => void): Stop {
    this.#onChange = onChange
    this.#onShown = onShown
    if (typeof BroadcastChannel === 'function') {
      this.#channel = new BroadcastChannel(this.#name)
      this.#channel.onmessage = ({ data }) => {
        if (Array.isArray(data)) this.#onShown(data.map(String))
      }
    }
    document.addEventListener('visibilitychange', this.#look)
    addEventListener('focus', this.#take)
    this.#look()
    return () => {
      document.removeEventListener('visibilitychange', this.#look)
      removeEventListener('focus', this.#take)
      this.#leave?.()
      this.#channel?.close()
      this.#channel = undefined
      this.#isOurs = false
    }
  }

  /** Tells the other tabs what this one has shown, so that none shows it again later. */
  tell(ids: readonly string[]): void {
    this.#channel?.postMessage(ids)
  }

  readonly #look = (): void => {
    if (document.visibilityState !== 'visible') this.#leave?.()
    else if (this.#leave === undefined) this.#ask(false)
  }

  readonly #take = (): void => {
    if (this.#isOurs) return
    this.#leave?.()
    this.#ask(true)
  }

  #ask(steal: boolean): void {
    const waiting = new AbortController()
    let giveBack = () => {}
    const leave = () => {
      if (this.#leave === leave) this.#leave = undefined
      waiting.abort()
      giveBack()
      this.#set(false)
    }
    this.#leave = leave
    const hold = () => {
      // Whoever left while the lock was on its way does not want it any more.
      if (waiting.signal.aborted) return Promise.resolve()
      this.#set(true)
      return new Promise<void>((resolve) => {
        giveBack = resolve
      })
    }
    if (navigator.locks === undefined) {
      void hold()
      return
    }
    const options = steal ? { steal } : { signal: waiting.signal }
    navigator.locks.request(this.#name, options, hold).catch(({ name }: Error) => {
      // A frame that may have no locks is alone.
      if (name === 'SecurityError') return hold()
      // Another tab took it, or this one has left; in the first case it stands in line again.
      if (this.#leave !== leave) return
      leave()
      this.#look()
    })
  }

  #set(isOurs: boolean): void {
    if (isOurs === this.#isOurs) return
    this.#isOurs = isOurs
    this.#onChange()
  }
}
