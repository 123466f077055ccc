import type { TokenRequest, TokenSource } from '../options.ts'
import { Failure, orFail } from './failure.ts'

/** The bearer token of a stream, if it has one. */
export class Credential {
  readonly #source: TokenSource | undefined
  /** The token that was last given. */
  current: string | undefined

  constructor(source: TokenSource | undefined) {
    this.#source = source
  }

  /** Whether another token can be had. */
  get canRenew(): boolean {
    return typeof this.#source === 'function'
  }

  /**
   * Asks for a token. A stream that was given a source never goes without one: an anonymous connection that happens to
   * work would show somebody else's view of the world.
   * @throws Failure
   */
  async ask(reason: TokenRequest['reason'], signal: AbortSignal): Promise<void> {
    const source = this.#source
    if (source === undefined) return
    const token = await orFail('token', 'token() failed:', () =>
      typeof source === 'function' ? source({ reason, signal }) : source,
    )
    if (!token) throw new Failure('token', 'token() gave none. Sign in, then reconnect().', { isFinal: true })
    this.current = token
  }
}
